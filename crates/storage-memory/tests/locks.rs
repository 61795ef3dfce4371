//! What this storage promises beyond the contracts: it is strict about locks.

use std::collections::BTreeSet;
use std::slice::from_ref;
use std::time::Duration;

use jangteo_application::{Aggregate, IdempotencyRepository, Outbox};
use jangteo_coupon::{CampaignRepository, Claimant, CouponDiscount, IssuedCoupon, IssuedCouponRepository};
use jangteo_order::OrderRepository;
use jangteo_point::{PointAccount, PointRepository};
use jangteo_product::{Product, ProductQueries, ProductRepository};
use jangteo_shared_kernel::{Currency, Money, StorageError, Transaction, UnitOfWork};
use jangteo_storage_conformance::Fixtures;
use jangteo_storage_conformance::fixtures::{krw, units};
use jangteo_storage_memory::{MemoryStorage, MemoryTransaction};
use jangteo_user::{RefreshFamilyRepository, UserQueries, UserRepository};

/// A storage that does not make a test wait for long.
fn impatient() -> MemoryStorage {
    MemoryStorage::with_lock_wait(Duration::from_millis(20))
}

/// Products in ascending id, committed.
async fn with_products(
    storage: &MemoryStorage,
    fixtures: &Fixtures,
    count: usize,
) -> Result<Vec<Product>, StorageError> {
    let mut products: Vec<Product> = (0..count).map(|_| fixtures.product()).collect();
    products.sort_by_key(|product| product.id);
    let mut tx = storage.begin().await?;
    tx.insert_products(&products).await?;
    tx.commit().await?;
    Ok(products)
}

async fn lock(tx: &mut MemoryTransaction, products: &[Product]) -> Result<usize, StorageError> {
    let ids = products.iter().map(|product| product.id).collect();
    tx.lock_products(&ids).await.map(|locked| locked.len())
}

#[tokio::test]
async fn refuses_to_save_what_is_not_locked() {
    let fixtures = Fixtures::seeded(1);
    let storage = MemoryStorage::new();
    let (user, order, product) = (fixtures.user(), fixtures.order(fixtures.id()), fixtures.product());
    let family = fixtures.refresh_family(user.id);
    let (campaign, coupon) = (fixtures.campaign(), fixtures.issued_coupon(user.id));
    let mut account = PointAccount::open(user.id, Currency::KRW);
    let mut tx = storage.begin().await.unwrap();
    tx.insert_campaigns(from_ref(&campaign)).await.unwrap();
    tx.insert_issued_coupons(from_ref(&coupon)).await.unwrap();
    tx.insert_users(from_ref(&user)).await.unwrap();
    tx.insert_refresh_families(from_ref(&family)).await.unwrap();
    tx.insert_orders(from_ref(&order)).await.unwrap();
    tx.insert_point_accounts(from_ref(&account)).await.unwrap();
    tx.insert_products(from_ref(&product)).await.unwrap();
    // What it has added itself nobody else can hold.
    tx.save_stock(from_ref(&product)).await.unwrap();
    tx.commit().await.unwrap();

    let entry = fixtures.charge(&mut account, 5);
    let mut tx = storage.begin().await.unwrap();
    let refusals = [
        tx.save_users(from_ref(&user)).await,
        tx.save_refresh_families(from_ref(&family)).await,
        tx.save_order_states(from_ref(&order)).await,
        tx.save_points(from_ref(&account), from_ref(&entry)).await,
        tx.save_catalogue(from_ref(&product)).await,
        tx.save_stock(from_ref(&product)).await,
        tx.save_stock(&[fixtures.product()]).await,
        tx.save_claimed(from_ref(&campaign.allotment)).await,
        tx.save_issued_coupons(from_ref(&coupon)).await,
        tx.count_claims(&[Claimant { campaign: campaign.id, user: user.id }].into()).await.map(|_| ()),
    ];
    for refusal in refusals {
        assert!(matches!(refusal, Err(StorageError::Fatal(_))), "{refusal:?}");
    }
}

#[tokio::test]
async fn refuses_to_read_what_was_taken_from_an_account_that_is_not_locked() {
    let fixtures = Fixtures::seeded(4);
    let storage = MemoryStorage::new();
    let mut account = PointAccount::open(fixtures.id(), Currency::KRW);
    let mut tx = storage.begin().await.unwrap();
    tx.insert_point_accounts(from_ref(&account)).await.unwrap();
    let entries = [fixtures.charge(&mut account, 5), fixtures.spend(&mut account, 3)];
    tx.save_points(from_ref(&account), &entries).await.unwrap();
    tx.commit().await.unwrap();

    let mut tx = storage.begin().await.unwrap();
    let payments = BTreeSet::from([entries[1].payment.unwrap()]);
    let refusal = tx.find_point_spendings(&payments).await;
    assert!(matches!(refusal, Err(StorageError::Fatal(_))), "{refusal:?}");
    tx.lock_point_accounts(&[account.user].into()).await.unwrap();
    assert_eq!(tx.find_point_spendings(&payments).await.unwrap().len(), 1);
}

#[tokio::test]
async fn refuses_points_whose_account_lots_and_entries_do_not_add_up() {
    let fixtures = Fixtures::seeded(2);
    let storage = MemoryStorage::new();
    let opened = PointAccount::open(fixtures.id(), Currency::KRW);
    let mut charged = opened.clone();
    let entry = fixtures.charge(&mut charged, 100);
    let mut tx = storage.begin().await.unwrap();
    assert!(tx.insert_point_accounts(from_ref(&charged)).await.is_err(), "a new account has no points");
    tx.insert_point_accounts(from_ref(&opened)).await.unwrap();
    let too_much = PointAccount { balance: krw(101), ..charged.clone() };
    assert!(tx.save_points(&[too_much], from_ref(&entry)).await.is_err());
    assert!(tx.save_points(from_ref(&charged), &[]).await.is_err(), "the entry is missing");
    assert!(tx.save_points(&[], from_ref(&entry)).await.is_err(), "the account is missing");
    tx.save_points(from_ref(&charged), from_ref(&entry)).await.unwrap();
}

#[tokio::test]
async fn refuses_campaigns_and_coupons_that_a_database_would() {
    let fixtures = Fixtures::seeded(11);
    let storage = MemoryStorage::new();
    let campaigns = [(); 6].map(|()| fixtures.campaign_of(5, 1));
    let [mut worthless, mut below, mut mixed, mut foreign, mut over, mut empty] = campaigns;
    worthless.terms.discount = CouponDiscount::Fixed(krw(0));
    below.terms.minimum_order = Some(krw(-1));
    mixed.terms.discount = CouponDiscount::Fixed(krw(1));
    mixed.terms.minimum_order = Some(Money::new(1, "USD".parse().unwrap()));
    foreign.allotment.campaign = fixtures.id();
    over.allotment.claimed = units(6);
    empty.allotment.total = units(0);
    let mut tx = storage.begin().await.unwrap();
    for campaign in [worthless, below, mixed, foreign, over, empty] {
        let refusal = tx.insert_campaigns(from_ref(&campaign)).await;
        assert!(matches!(refusal, Err(StorageError::Fatal(_))), "{campaign:?}");
    }
    let coupon = fixtures.issued_coupon(fixtures.id());
    for coupon in [IssuedCoupon { sequence: 0, ..coupon.clone() }, IssuedCoupon { nth: 0, ..coupon }] {
        let refusal = tx.insert_issued_coupons(&[coupon]).await;
        assert!(matches!(refusal, Err(StorageError::Fatal(_))), "{refusal:?}");
    }
    // Nobody has a coupon of a campaign that is not there.
    let unknown = Claimant { campaign: fixtures.id(), user: fixtures.id() };
    assert!(tx.count_claims(&[unknown].into()).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_row_that_stays_locked_makes_the_storage_unavailable() {
    let fixtures = Fixtures::seeded(3);
    let storage = impatient();
    let products = with_products(&storage, &fixtures, 2).await.unwrap();
    let mut first = storage.begin().await.unwrap();
    lock(&mut first, &products[1..]).await.unwrap();
    let mut second = storage.begin().await.unwrap();
    let outcome = lock(&mut second, &products).await;
    assert!(matches!(outcome, Err(StorageError::Unavailable(_))), "{outcome:?}");
    second.rollback().await.unwrap();
    first.rollback().await.unwrap();
    let mut third = storage.begin().await.unwrap();
    assert_eq!(lock(&mut third, &products).await.unwrap(), 2);
}

/// Rows are taken one by one in ascending id: who waits for the second holds the first, and not yet the third.
#[tokio::test]
async fn locks_rows_in_ascending_id() {
    let fixtures = Fixtures::seeded(4);
    let storage = impatient();
    let products = with_products(&storage, &fixtures, 3).await.unwrap();
    let mut holder = storage.begin().await.unwrap();
    lock(&mut holder, &products[1..2]).await.unwrap();
    let mut waiter = storage.begin().await.unwrap();
    assert!(lock(&mut waiter, &products).await.is_err());
    let mut other = storage.begin().await.unwrap();
    assert_eq!(lock(&mut other, &products[2..]).await.unwrap(), 1);
    assert!(lock(&mut other, &products[..1]).await.is_err());
}

#[tokio::test]
async fn locks_are_freed_by_commit_rollback_and_drop() {
    let fixtures = Fixtures::seeded(5);
    let storage = impatient();
    let products = with_products(&storage, &fixtures, 1).await.unwrap();
    for end in 0..3 {
        let mut tx = storage.begin().await.unwrap();
        lock(&mut tx, &products).await.unwrap();
        let mut rival = storage.begin().await.unwrap();
        assert!(lock(&mut rival, &products).await.is_err());
        match end {
            0 => tx.commit().await.unwrap(),
            1 => tx.rollback().await.unwrap(),
            _ => drop(tx),
        }
        assert_eq!(lock(&mut rival, &products).await.unwrap(), 1);
    }
}

/// Nobody waits for a row that is not committed: it is not there.
#[tokio::test]
async fn an_uncommitted_row_is_unknown_to_others() {
    let fixtures = Fixtures::seeded(6);
    let storage = impatient();
    let product = fixtures.product();
    let mut tx = storage.begin().await.unwrap();
    tx.insert_products(from_ref(&product)).await.unwrap();
    let mut other = storage.begin().await.unwrap();
    assert_eq!(lock(&mut other, from_ref(&product)).await.unwrap(), 0);
    tx.commit().await.unwrap();
    assert_eq!(lock(&mut other, from_ref(&product)).await.unwrap(), 1);
}

/// What a lock answers is locked. A row that is committed while another is waited for is not there yet.
#[tokio::test]
async fn a_row_that_comes_while_another_is_waited_for_is_left_out() {
    let fixtures = Fixtures::seeded(8);
    let storage = MemoryStorage::new();
    let known = with_products(&storage, &fixtures, 1).await.unwrap();
    let both = [known.clone(), vec![fixtures.product()]].concat();
    let mut holder = storage.begin().await.unwrap();
    lock(&mut holder, &known).await.unwrap();
    let mut waiter = storage.begin().await.unwrap();
    let (found, ()) = tokio::join!(lock(&mut waiter, &both), async {
        let mut tx = storage.begin().await.unwrap();
        tx.insert_products(&both[1..]).await.unwrap();
        tx.commit().await.unwrap();
        holder.commit().await.unwrap();
    });
    assert_eq!(found.unwrap(), 1);
    waiter.save_stock(&known).await.unwrap();
    assert!(waiter.save_stock(&both[1..]).await.is_err());
    assert_eq!(lock(&mut waiter, &both).await.unwrap(), 2);
    waiter.save_stock(&both).await.unwrap();
}

/// Two transactions that insert under one key find out when they commit, and the loser leaves nothing.
#[tokio::test]
async fn the_later_commit_of_a_race_is_lost_as_a_whole() {
    let fixtures = Fixtures::seeded(7);
    let storage = MemoryStorage::new();
    let address = fixtures.email();
    let [winner, loser] = [(); 2].map(|()| fixtures.user_with(address.clone()));
    let product = fixtures.product();
    let (mut first, mut second) = (storage.begin().await.unwrap(), storage.begin().await.unwrap());
    second.insert_users(from_ref(&loser)).await.unwrap();
    second.insert_products(from_ref(&product)).await.unwrap();
    second.append_events(&[fixtures.event(Aggregate::User)]).await.unwrap();
    second.insert_idempotency_records(&[fixtures.record(loser.id, "key")]).await.unwrap();
    first.insert_users(from_ref(&winner)).await.unwrap();
    first.commit().await.unwrap();
    assert!(second.commit().await.unwrap_err().is_transient());
    assert_eq!(storage.find_user_by_address(&address).await.unwrap(), Some(winner));
    assert_eq!(storage.find_product(product.id).await.unwrap(), None);
    assert_eq!((storage.events().len(), storage.idempotency_records()), (0, 0));
}

#[tokio::test]
async fn tells_events_in_the_order_of_commits() {
    let fixtures = Fixtures::seeded(8);
    let storage = MemoryStorage::new();
    let events = [(); 3].map(|()| fixtures.event(Aggregate::Order));
    let (mut first, mut second) = (storage.begin().await.unwrap(), storage.begin().await.unwrap());
    first.append_events(&events[..1]).await.unwrap();
    second.append_events(&events[1..]).await.unwrap();
    second.commit().await.unwrap();
    first.commit().await.unwrap();
    assert_eq!(storage.events(), [events[1].clone(), events[2].clone(), events[0].clone()]);
}

#[tokio::test]
async fn shows_the_adjustments_of_a_product() {
    let fixtures = Fixtures::seeded(9);
    let storage = MemoryStorage::new();
    let mut product = Product { stock: units(3), ..fixtures.product() };
    let mut adjustments =
        vec![product.initial_adjustment(fixtures.id()), fixtures.adjustment(&mut product, -2)];
    let mut tx = storage.begin().await.unwrap();
    tx.insert_stock_adjustments(&adjustments).await.unwrap();
    assert!(storage.stock_adjustments(product.id).is_empty());
    tx.commit().await.unwrap();
    adjustments.sort_by_key(|adjustment| adjustment.id);
    assert_eq!(storage.stock_adjustments(product.id), adjustments);
    assert!(storage.stock_adjustments(fixtures.id()).is_empty());
}

/// What a job is deleting is left to it, so two jobs at once never wait for each other.
#[tokio::test]
async fn a_second_deletion_passes_over_what_the_first_holds() {
    let fixtures = Fixtures::seeded(10);
    let storage = impatient();
    let records: Vec<_> = (0..5).map(|n| fixtures.record(fixtures.id(), &format!("{n}"))).collect();
    let mut tx = storage.begin().await.unwrap();
    tx.insert_idempotency_records(&records).await.unwrap();
    tx.commit().await.unwrap();
    let (mut first, mut second) = (storage.begin().await.unwrap(), storage.begin().await.unwrap());
    let cutoff = fixtures.in_millis(1);
    assert_eq!(first.delete_idempotency_records_before(cutoff, 2).await.unwrap(), 2);
    assert_eq!(second.delete_idempotency_records_before(cutoff, 10).await.unwrap(), 3);
    first.rollback().await.unwrap();
    second.commit().await.unwrap();
    assert_eq!(storage.idempotency_records(), 2);
    let mut third = storage.begin().await.unwrap();
    assert_eq!(third.delete_idempotency_records_before(cutoff, 10).await.unwrap(), 2);
    assert_eq!(third.find_idempotency_records(&BTreeSet::new()).await.unwrap().len(), 0);
}
