//! Transactions over all repositories at once.

use std::collections::BTreeSet;
use std::slice::from_ref;

use jangteo_application::{Aggregate, Event, IdempotencyRecord};
use jangteo_order::Order;
use jangteo_payment::Payment;
use jangteo_point::{PointAccount, PointEntry};
use jangteo_product::{Product, StockAdjustment};
use jangteo_shared_kernel::{Currency, StorageError, Timestamp, atomically};
use jangteo_user::{RefreshFamily, SessionStanding, User, UserFilter};

use crate::fixtures::units;
use crate::prelude::*;
use crate::support::{add_products, assert_waits, begin, commit, first_page, ids, outcome};
use crate::{Fixtures, Repositories, Storage};

/// One row of everything.
struct World {
    user: User,
    family: RefreshFamily,
    product: Product,
    adjustment: StockAdjustment,
    order: Order,
    payment: Payment,
    account: PointAccount,
    entry: PointEntry,
    record: IdempotencyRecord,
    event: Event,
}

impl World {
    fn new(fixtures: &Fixtures) -> Self {
        let user = fixtures.user();
        let family = fixtures.refresh_family(user.id);
        let product = fixtures.product();
        let adjustment = product.initial_adjustment(fixtures.id());
        let order = fixtures.order(user.id);
        let payment = fixtures.payment(&order, 1);
        let mut account = PointAccount::open(user.id, Currency::KRW);
        let entry = fixtures.charge(&mut account, 5_000);
        let record = fixtures.record(user.id, "a-key");
        let event = fixtures.event(Aggregate::Order);
        Self { user, family, product, adjustment, order, payment, account, entry, record, event }
    }

    async fn write<Tx: Repositories>(&self, tx: &mut Tx) -> Result<(), StorageError> {
        tx.insert_users(from_ref(&self.user)).await?;
        tx.insert_refresh_families(from_ref(&self.family)).await?;
        tx.insert_orders(from_ref(&self.order)).await?;
        tx.insert_point_accounts(&[PointAccount::open(self.user.id, Currency::KRW)]).await?;
        tx.save_points(from_ref(&self.account), from_ref(&self.entry)).await?;
        tx.insert_products(from_ref(&self.product)).await?;
        tx.insert_stock_adjustments(from_ref(&self.adjustment)).await?;
        tx.insert_payments(from_ref(&self.payment)).await?;
        tx.insert_idempotency_records(from_ref(&self.record)).await?;
        tx.append_events(from_ref(&self.event)).await
    }

    /// Which of the rows can be seen from outside.
    async fn seen<S: Storage>(&self, storage: &S, now: Timestamp) -> [bool; 10] {
        let found = storage.find_user_by_address(&self.user.profile().unwrap().email).await.unwrap();
        [
            storage.find_user(self.user.id).await.unwrap().is_some(),
            found.is_some(),
            storage.session_standing(self.user.id, self.family.id, now).await.unwrap()
                == Some(SessionStanding { role: self.user.role }),
            storage.find_product(self.product.id).await.unwrap().is_some(),
            storage.find_order(self.order.id).await.unwrap().is_some(),
            storage.find_payment(self.payment.id).await.unwrap().is_some(),
            !storage.payments_of_order(self.order.id).await.unwrap().is_empty(),
            storage.find_point_account(self.user.id).await.unwrap().is_some(),
            !storage.list_point_history(self.user.id, &first_page(1)).await.unwrap().items.is_empty(),
            !storage.list_users(&UserFilter::default(), &first_page(1)).await.unwrap().items.is_empty(),
        ]
    }

    /// Which of the rows a transaction can lock or find.
    async fn seen_inside<Tx: Repositories>(&self, tx: &mut Tx) -> [bool; 9] {
        let key = (self.record.mark.user, self.record.mark.key.clone());
        let user = &ids([self.user.id]);
        let email = self.user.profile().unwrap().email.clone();
        [
            tx.lock_users(user).await.unwrap().contains_key(&self.user.id),
            tx.find_users_by_email(&[email]).await.unwrap().len() == 1,
            tx.lock_refresh_families(&ids([self.family.id])).await.unwrap().contains_key(&self.family.id),
            tx.lock_open_refresh_families_of(user).await.unwrap() == [self.family.clone()],
            tx.lock_orders(&ids([self.order.id])).await.unwrap().get(&self.order.id) == Some(&self.order),
            tx.find_unpaid_orders_of(user).await.unwrap() == ids([self.order.id]),
            tx.lock_point_accounts(user).await.unwrap().get(&self.user.id) == Some(&self.account),
            tx.lock_products(&ids([self.product.id])).await.unwrap().get(&self.product.id)
                == Some(&self.product),
            tx.find_idempotency_records(&ids([key])).await.unwrap().len() == 1,
        ]
    }
}

pub(crate) async fn a_commit_shows_everything_and_nothing_is_seen_before<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(1);
    let world = World::new(&fixtures);
    let mut tx = begin(&storage).await;
    world.write(&mut tx).await.unwrap();
    assert_eq!(world.seen(&storage, fixtures.now()).await, [false; 10], "uncommitted rows are seen");
    tx.commit().await.unwrap();
    assert_eq!(world.seen(&storage, fixtures.now()).await, [true; 10], "committed rows are not seen");

    let mut next = begin(&storage).await;
    assert_eq!(world.seen_inside(&mut next).await, [true; 9]);
    next.rollback().await.unwrap();
}

pub(crate) async fn a_transaction_sees_its_own_writes<S: Storage>(storage: S) {
    let world = World::new(&Fixtures::seeded(2));
    let mut tx = begin(&storage).await;
    world.write(&mut tx).await.unwrap();
    assert_eq!(world.seen_inside(&mut tx).await, [true; 9]);
    tx.rollback().await.unwrap();
}

pub(crate) async fn a_rollback_undoes_everything<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(3);
    let world = World::new(&fixtures);
    let mut tx = begin(&storage).await;
    world.write(&mut tx).await.unwrap();
    tx.rollback().await.unwrap();
    assert_eq!(world.seen(&storage, fixtures.now()).await, [false; 10]);
    // No key stays taken: stored answers and events too can be written again.
    commit!(storage, tx => world.write(&mut tx));
    assert_eq!(world.seen(&storage, fixtures.now()).await, [true; 10]);
}

pub(crate) async fn a_dropped_transaction_undoes_everything_and_frees_its_locks<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(4);
    let (world, other) = (World::new(&fixtures), World::new(&fixtures));
    commit!(storage, tx => other.write(&mut tx));
    {
        let mut tx = begin(&storage).await;
        tx.lock_users(&ids([other.user.id])).await.unwrap();
        tx.lock_products(&ids([other.product.id])).await.unwrap();
        world.write(&mut tx).await.unwrap();
        let stock = Product { stock: units(7), ..other.product.clone() };
        tx.save_stock(&[stock]).await.unwrap();
    }
    let mut next = begin(&storage).await;
    assert_eq!(other.seen_inside(&mut next).await, [true; 9]);
    assert_eq!(world.seen_inside(&mut next).await, [false; 9]);
    world.write(&mut next).await.unwrap();
    next.commit().await.unwrap();
    assert_eq!(world.seen(&storage, fixtures.now()).await, [true; 10]);
}

pub(crate) async fn a_failed_piece_of_work_is_undone<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(5);
    let user = fixtures.user();
    let outcome: Result<(), StorageError> = atomically(&storage, async |tx: &mut S::Tx| {
        tx.insert_users(from_ref(&user)).await?;
        Err(StorageError::Fatal("changed its mind".into()))
    })
    .await;
    assert!(matches!(outcome, Err(StorageError::Fatal(_))));
    assert_eq!(storage.find_user(user.id).await.unwrap(), None);
}

pub(crate) async fn nothing_at_all_can_be_locked_saved_and_committed<S: Storage>(storage: S) {
    begin(&storage).await.commit().await.unwrap();
    begin(&storage).await.rollback().await.unwrap();

    let mut tx = begin(&storage).await;
    assert!(tx.lock_users(&BTreeSet::new()).await.unwrap().is_empty());
    assert!(tx.find_users_by_email(&[]).await.unwrap().is_empty());
    assert!(tx.lock_refresh_families(&BTreeSet::new()).await.unwrap().is_empty());
    assert!(tx.lock_open_refresh_families_of(&BTreeSet::new()).await.unwrap().is_empty());
    assert!(tx.lock_orders(&BTreeSet::new()).await.unwrap().is_empty());
    assert!(tx.find_unpaid_orders_of(&BTreeSet::new()).await.unwrap().is_empty());
    assert!(tx.lock_point_accounts(&BTreeSet::new()).await.unwrap().is_empty());
    assert!(tx.lock_products(&BTreeSet::new()).await.unwrap().is_empty());
    assert!(tx.find_idempotency_records(&BTreeSet::new()).await.unwrap().is_empty());
    tx.insert_users(&[]).await.unwrap();
    tx.save_users(&[]).await.unwrap();
    tx.insert_refresh_families(&[]).await.unwrap();
    tx.save_refresh_families(&[]).await.unwrap();
    tx.insert_orders(&[]).await.unwrap();
    tx.save_order_states(&[]).await.unwrap();
    tx.insert_point_accounts(&[]).await.unwrap();
    tx.save_points(&[], &[]).await.unwrap();
    tx.insert_products(&[]).await.unwrap();
    tx.save_catalogue(&[]).await.unwrap();
    tx.save_stock(&[]).await.unwrap();
    tx.insert_stock_adjustments(&[]).await.unwrap();
    tx.insert_payments(&[]).await.unwrap();
    tx.insert_idempotency_records(&[]).await.unwrap();
    tx.append_events(&[]).await.unwrap();
    assert_eq!(tx.list_undelivered_events(None, 0).await.unwrap(), []);
    assert_eq!(tx.delete_delivered_events(&BTreeSet::new()).await.unwrap(), 0);
    tx.commit().await.unwrap();
}

/// What waits for a transaction that is given up goes on, and sees nothing of it.
pub(crate) async fn who_waited_for_a_rollback_sees_nothing_of_it<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(6);
    let product = fixtures.product();
    add_products(&storage, from_ref(&product)).await;
    let id = ids([product.id]);

    let mut tx = begin(&storage).await;
    let mut locked = tx.lock_products(&id).await.unwrap();
    let mut waiting = tokio::spawn({
        let (storage, id) = (storage.clone(), id.clone());
        async move {
            let mut tx = begin(&storage).await;
            tx.lock_products(&id).await.unwrap()
        }
    });
    assert_waits(&mut waiting).await;
    let mine = locked.get_mut(&product.id).unwrap();
    mine.put_back(units(5));
    tx.save_stock(from_ref(mine)).await.unwrap();
    tx.rollback().await.unwrap();
    assert_eq!(outcome(waiting).await[&product.id], product);
}

/// A caller who goes away while its transaction waits takes that transaction along, and the locks it had already.
pub(crate) async fn who_gives_up_waiting_leaves_nothing_locked<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(7);
    let mut products = [fixtures.product(), fixtures.product()];
    products.sort_by_key(|product| product.id);
    add_products(&storage, &products).await;
    let both = ids(products.iter().map(|product| product.id));

    let mut tx = begin(&storage).await;
    tx.lock_products(&ids([products[1].id])).await.unwrap();
    let mut waiting = tokio::spawn({
        let (storage, both) = (storage.clone(), both.clone());
        async move {
            let mut tx = begin(&storage).await;
            tx.lock_products(&both).await.unwrap().len()
        }
    });
    assert_waits(&mut waiting).await;
    waiting.abort();
    assert!(waiting.await.unwrap_err().is_cancelled());
    tx.commit().await.unwrap();
    let mut tx = begin(&storage).await;
    assert!(tx.lock_products(&both).await.unwrap().into_values().eq(products));
}
