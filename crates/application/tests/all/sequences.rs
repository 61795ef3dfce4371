//! Random sequences of everything that can happen: after each step nothing was lost and nothing invented.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use jangteo_application::{AuditQueries, PlaceOrder, Verdict, expire_due_orders};
use jangteo_coupon::{CampaignDraft, CouponDiscount, CouponQueries, CouponScope};
use jangteo_order::{Order, OrderFilter, OrderQueries, OrderStatus};
use jangteo_payment::PaymentQueries;
use jangteo_shared_kernel::{
    BasisPoints, CouponId, IssuedCouponId, Limit, OrderId, PageRequest, ProductId, UserId,
};
use proptest::prelude::*;

use crate::shop::{Shop, krw, units};

#[derive(Debug, Clone)]
enum Step {
    Charge(usize, i64),
    Claim(usize, usize),
    Place(usize, Vec<(usize, u32)>, Option<usize>),
    Pay(usize, usize),
    Cancel(usize, usize),
    Wait(i64),
    Expire,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let user = 0..3_usize;
    let step = prop_oneof![
        2 => (user.clone(), 900_i64..60_000).prop_map(|(user, amount)| Step::Charge(user, amount)),
        2 => (user.clone(), 0..2_usize).prop_map(|(user, campaign)| Step::Claim(user, campaign)),
        4 => (user.clone(), prop::collection::vec((0..3_usize, 1..4_u32), 1..4), prop::option::of(0..6_usize))
            .prop_map(|(user, list, coupon)| Step::Place(user, list, coupon)),
        4 => (user.clone(), 0..12_usize).prop_map(|(user, order)| Step::Pay(user, order)),
        2 => (user, 0..12_usize).prop_map(|(user, order)| Step::Cancel(user, order)),
        1 => (1_i64..40).prop_map(Step::Wait),
        1 => Just(Step::Expire),
    ];
    prop::collection::vec(step, 1..40)
}

const START: u32 = 12;

async fn orders_of(shop: &Shop) -> Vec<Order> {
    let page = PageRequest { limit: Limit::new(100).unwrap(), after: None };
    shop.storage.list_orders(&OrderFilter::default(), &page).await.unwrap().items
}

/// The audit holds, stock and money are conserved, and each paid order has exactly one payment.
async fn audit(shop: &Shop, users: &[UserId], products: &[ProductId], charged: &[i64]) {
    let report = shop.storage.audit(shop.sources.now()).await.unwrap();
    assert!(report.holds(), "{report:?}");
    let orders = orders_of(shop).await;
    let gone = |order: &&Order| !matches!(order.status(), OrderStatus::Cancelled | OrderStatus::Expired);
    for product in products {
        let lines =
            orders.iter().filter(gone).flat_map(|order| &order.lines).filter(|line| line.product == *product);
        let sold: u32 = lines.map(|line| line.quantity.get()).sum();
        assert_eq!(shop.stock(*product).await + sold, START);
    }
    for (user, charged) in users.iter().zip(charged) {
        let mut paid = 0;
        for order in orders.iter().filter(|order| order.user == *user) {
            let payments = shop.storage.payments_of_order(order.id).await.unwrap();
            assert_eq!(payments.len(), usize::from(order.status() == OrderStatus::Paid));
            paid += payments.iter().map(|payment| payment.captured().amount()).sum::<i64>();
            assert!(payments.iter().all(|payment| payment.captured() == order.total()));
        }
        assert_eq!(shop.balance(*user).await + paid, *charged);
    }
}

/// Two campaigns: one for everything with an end, and one for a single product with two coupons a user.
async fn campaigns(shop: &Shop) -> [CouponId; 2] {
    let until = Some(shop.sources.now() + TimeDelta::minutes(200));
    let percent = CouponDiscount::Percent { rate: BasisPoints::new(3_333).unwrap(), maximum: Some(krw(700)) };
    let all = CampaignDraft::new("All".parse().unwrap(), percent, CouponScope::All, units(2));
    [
        shop.campaign(CampaignDraft { valid_until: until, ..all }).await,
        shop.campaign(CampaignDraft { per_user: units(2), ..shop.fixed_off(1_500, 4) }).await,
    ]
}

/// As many coupons are issued as were claimed, numbered without gaps, and each is used by the one order that lives.
async fn audit_coupons(shop: &Shop, campaigns: &[CouponId], issued: &[IssuedCouponId]) {
    let orders = orders_of(shop).await;
    let mut sequences: BTreeMap<CouponId, Vec<u32>> = BTreeMap::new();
    for id in issued {
        let coupon = shop.storage.find_issued_coupon(*id).await.unwrap().unwrap();
        sequences.entry(coupon.campaign).or_default().push(coupon.sequence);
        let uses = |order: &&Order| order.issued_coupon == Some(*id);
        let ended = |order: &&Order| matches!(order.status(), OrderStatus::Cancelled | OrderStatus::Expired);
        let living: Vec<OrderId> =
            orders.iter().filter(uses).filter(|order| !ended(order)).map(|order| order.id).collect();
        assert_eq!(coupon.used.map(|used| used.order).into_iter().collect::<Vec<_>>(), living);
    }
    for campaign in campaigns {
        let allotment = shop.storage.find_allotment(*campaign).await.unwrap().unwrap();
        let claimed = sequences.remove(campaign).unwrap_or_default();
        assert!(claimed.into_iter().eq(1..=allotment.claimed.get()));
        assert!(allotment.claimed <= allotment.total);
    }
}

async fn run(steps: Vec<Step>) {
    let shop = Shop::new();
    let users = [shop.customer().await, shop.customer().await, shop.customer().await];
    let products =
        [shop.product(1_000, START).await, shop.product(333, START).await, shop.product(0, START).await];
    let mut charged = [0; 3];
    let campaigns = campaigns(&shop).await;
    let (mut placed, mut coupons) = (Vec::<OrderId>::new(), Vec::<IssuedCouponId>::new());
    for step in steps {
        match step {
            Step::Charge(user, amount) => {
                if matches!(shop.charge(users[user], amount).await, Verdict::Accepted { .. }) {
                    charged[user] += amount;
                }
            }
            Step::Claim(user, campaign) => {
                if let Verdict::Accepted { outcome, .. } = shop.claim(users[user], campaigns[campaign]).await
                {
                    coupons.push(outcome.id);
                }
            }
            Step::Place(user, list, coupon) => {
                let list: Vec<_> = list.into_iter().map(|(product, n)| (products[product], n)).collect();
                // Somebody else's, too: it is then refused.
                let coupon = coupon.and_then(|n| coupons.get(n).copied());
                let command = PlaceOrder { coupon, ..shop.order(users[user], &list) };
                if let Verdict::Accepted { outcome, .. } = shop.run(&shop.place_orders(), command).await {
                    placed.push(outcome.id);
                }
            }
            Step::Pay(user, order) => {
                if let Some(order) = placed.get(order) {
                    shop.pay(users[user], *order).await;
                }
            }
            Step::Cancel(user, order) => {
                if let Some(order) = placed.get(order) {
                    let _ = shop.cancel(users[user], *order).await;
                }
            }
            Step::Wait(minutes) => shop.clock.advance(TimeDelta::minutes(minutes)),
            Step::Expire => {
                expire_due_orders(&shop.storage, &shop.sources).await.unwrap();
            }
        }
        audit(&shop, &users, &products, &charged).await;
        audit_coupons(&shop, &campaigns, &coupons).await;
    }
}

proptest! {
    #[test]
    fn nothing_is_lost_and_nothing_is_invented(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(run(steps));
    }
}
