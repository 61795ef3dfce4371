//! How often a command allocates, counted instead of timed. A bound that is passed wants a reason, or a look at what has
//! begun to be copied.

use jangteo_application::{PayOrder, PlaceOrder, SetUseCase};
use jangteo_order::Order;
use jangteo_payment::RequestedTenders;
use jangteo_shared_kernel::{StorageError, atomically};
use jangteo_storage_memory::MemoryTransaction;
use tokio::runtime::{Builder, Runtime};

use crate::shop::{Shop, accepted, krw};

const SMALL: usize = 64;
const LARGE: usize = 2 * SMALL;

fn allocations<C>(
    runtime: &Runtime,
    shop: &Shop,
    use_case: &C,
    commands: &[C::Command],
) -> (u64, Vec<C::Verdict>)
where
    C: SetUseCase<MemoryTransaction>,
{
    let mut verdicts = Vec::new();
    let counted = allocation_counter::measure(|| {
        let work = async |tx: &mut MemoryTransaction| -> Result<_, StorageError> {
            use_case.decide(tx, commands).await
        };
        verdicts = runtime.block_on(atomically(&shop.storage, work)).unwrap();
    });
    (counted.count_total, verdicts)
}

/// What one more command costs in a set that is large already: the storage in memory takes part.
fn of_one_more([small, large]: [u64; 2]) -> u64 {
    large.saturating_sub(small) / (LARGE - SMALL) as u64
}

#[test]
fn an_order_and_its_payment_allocate_no_more_than_they_did() {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let shop = Shop::new();
    let (user, products) = runtime.block_on(async {
        let user = shop.customer().await;
        let mut products = Vec::new();
        for _ in 0..3 {
            products.push(shop.product(1_000, 100_000).await);
        }
        shop.charge(user, 10_000_000).await;
        (user, products)
    });
    let items: Vec<_> = products.iter().map(|product| (*product, 1)).collect();
    let (mut placing, mut paying) = ([0; 2], [0; 2]);
    for (n, size) in [SMALL, LARGE].into_iter().enumerate() {
        let commands: Vec<PlaceOrder> = (0..size).map(|_| shop.order(user, &items)).collect();
        let (count, verdicts) = allocations(&runtime, &shop, &shop.place_orders(), &commands);
        placing[n] = count;
        let pay = |order: Order| PayOrder {
            user,
            order: order.id,
            tenders: RequestedTenders::AllPoints,
            mark: shop.mark(user),
        };
        let commands: Vec<PayOrder> = verdicts.into_iter().map(accepted).map(pay).collect();
        let (count, verdicts) = allocations(&runtime, &shop, &shop.pay_orders(), &commands);
        paying[n] = count;
        for verdict in verdicts {
            assert_eq!(accepted(verdict).amount, krw(3_000));
        }
    }
    let (order, payment) = (of_one_more(placing), of_one_more(paying));
    assert!((1..=MOST_OF_AN_ORDER).contains(&order), "an order of three lines allocates {order} times");
    assert!((1..=MOST_OF_A_PAYMENT).contains(&payment), "its payment allocates {payment} times");
}

/// 46 and 83 when this was written. As long as events were trees of JSON values, it was 228 and 316.
const MOST_OF_AN_ORDER: u64 = 48;
const MOST_OF_A_PAYMENT: u64 = 86;
