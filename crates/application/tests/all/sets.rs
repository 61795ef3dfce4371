//! Sets of more than one command: decided in order of arrival, in one transaction.

use std::collections::BTreeSet;

use jangteo_application::{PayOrder, PayOrderRefusal, PlaceOrder, PlaceOrderRefusal, SetUseCase, Verdict};
use jangteo_payment::RequestedTenders;
use jangteo_shared_kernel::{StorageError, atomically};
use jangteo_storage_memory::MemoryTransaction;

use crate::shop::{Shop, accepted, refused, units};

async fn decide<C>(shop: &Shop, use_case: &C, commands: &[C::Command]) -> Vec<C::Verdict>
where
    C: SetUseCase<MemoryTransaction>,
{
    let work =
        async |tx: &mut MemoryTransaction| -> Result<_, StorageError> { use_case.decide(tx, commands).await };
    atomically(&shop.storage, work).await.unwrap()
}

#[tokio::test]
async fn the_first_of_a_set_gets_the_last_unit() {
    let shop = Shop::new();
    let (user, mug) = (shop.customer().await, shop.product(1_000, 3).await);
    let commands =
        [shop.order(user, &[(mug, 2)]), shop.order(user, &[(mug, 2)]), shop.order(user, &[(mug, 1)])];
    let [first, second, third] = decide(&shop, &shop.place_orders(), &commands).await.try_into().unwrap();
    accepted(first);
    assert_eq!(refused(second), PlaceOrderRefusal::OutOfStock { product: mug, left: units(1) });
    accepted(third);
    assert_eq!(shop.stock(mug).await, 0);
}

#[tokio::test]
async fn equal_keys_in_a_set_are_one_effect() {
    let shop = Shop::new();
    let (user, mug) = (shop.customer().await, shop.product(1_000, 3).await);
    let too_many = PlaceOrder { mark: shop.mark_as(user, "k", 1), ..shop.order(user, &[(mug, 4)]) };
    let fits = PlaceOrder { mark: shop.mark_as(user, "k", 2), ..shop.order(user, &[(mug, 1)]) };
    let commands = [too_many.clone(), fits.clone(), fits, too_many];
    let [refusal, effect, replay, reused] =
        decide(&shop, &shop.place_orders(), &commands).await.try_into().unwrap();
    refused(refusal);
    let Verdict::Accepted { answer, .. } = effect else { panic!("refused") };
    assert_eq!(replay, Verdict::Replayed(answer));
    assert_eq!(reused, Verdict::KeyReused);
    assert_eq!((shop.stock(mug).await, shop.storage.idempotency_records()), (2, 1));
}

#[tokio::test]
async fn a_set_pays_an_order_once_and_an_account_as_far_as_it_goes() {
    let shop = Shop::new();
    let (user, mug) = (shop.customer_with(1_500).await, shop.product(1_000, 3).await);
    let (one, two) =
        (accepted(shop.place(user, &[(mug, 1)]).await).id, accepted(shop.place(user, &[(mug, 1)]).await).id);
    let pay = |order| PayOrder { user, order, tenders: RequestedTenders::AllPoints, mark: shop.mark(user) };
    let [first, again, other] =
        decide(&shop, &shop.pay_orders(), &[pay(one), pay(one), pay(two)]).await.try_into().unwrap();
    accepted(first);
    assert_eq!(refused(again), PayOrderRefusal::AlreadyPaid);
    assert!(matches!(refused(other), PayOrderRefusal::InsufficientPoints { .. }));
    assert_eq!(shop.balance(user).await, 500);
}

#[tokio::test]
async fn an_empty_set_is_no_trouble() {
    let shop = Shop::new();
    assert_eq!(decide(&shop, &shop.place_orders(), &[]).await, []);
    assert_eq!(decide(&shop, &shop.pay_orders(), &[]).await, []);
}

#[tokio::test]
async fn ids_of_a_set_are_all_different() {
    let shop = Shop::new();
    let (user, mug) = (shop.customer().await, shop.product(1_000, 100).await);
    let commands: Vec<PlaceOrder> = (0..50).map(|_| shop.order(user, &[(mug, 1)])).collect();
    let orders = decide(&shop, &shop.place_orders(), &commands).await.into_iter().map(accepted);
    let ids: BTreeSet<_> =
        orders.flat_map(|order| [order.id.as_uuid(), order.lines[0].id.as_uuid()]).collect();
    assert_eq!(ids.len(), 100);
}
