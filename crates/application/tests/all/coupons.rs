//! Claiming coupons, and using them.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use jangteo_application::{
    ClaimCouponRefusal, CouponNotUsable, DeleteAccounts, PlaceOrder, PlaceOrderRefusal, Verdict,
    expire_due_orders,
};
use jangteo_coupon::{
    CampaignDraft, CampaignState, ClaimRefusal, CouponDiscount, CouponQueries, CouponScope, CouponStatus,
    UseRefusal,
};
use jangteo_order::{DiscountRefusal, Order, OrderQueries, OrderStatus};
use jangteo_payment::PaymentQueries;
use jangteo_shared_kernel::{IssuedCouponId, ProductId, UserId};
use tokio::task::JoinSet;

use crate::shop::{Shop, accepted, krw, refused, units};

async fn status(shop: &Shop, coupon: IssuedCouponId) -> CouponStatus {
    shop.storage.find_issued_coupon(coupon).await.unwrap().unwrap().status(shop.sources.now())
}

async fn place_with(
    shop: &Shop,
    user: UserId,
    list: &[(ProductId, u32)],
    coupon: IssuedCouponId,
) -> Verdict<Order, PlaceOrderRefusal> {
    let command = PlaceOrder { coupon: Some(coupon), ..shop.order(user, list) };
    shop.run(&shop.place_orders(), command).await
}

#[tokio::test]
async fn claims_are_numbered_and_refused_in_their_order() {
    let shop = Shop::new();
    let (a, b, c) = (shop.customer().await, shop.customer().await, shop.customer().await);
    let campaign = shop.campaign(shop.fixed_off(1_000, 2)).await;
    assert_eq!(accepted(shop.claim(a, campaign).await).sequence, 1);
    assert_eq!(
        refused(shop.claim(a, campaign).await),
        ClaimCouponRefusal::Claim(ClaimRefusal::AlreadyClaimed)
    );
    assert_eq!(accepted(shop.claim(b, campaign).await).sequence, 2);
    assert_eq!(refused(shop.claim(c, campaign).await), ClaimCouponRefusal::Claim(ClaimRefusal::SoldOut));
    // Having one wins over there being none left.
    assert_eq!(
        refused(shop.claim(a, campaign).await),
        ClaimCouponRefusal::Claim(ClaimRefusal::AlreadyClaimed)
    );
    let nothing = shop.sources.id(shop.sources.now());
    assert_eq!(refused(shop.claim(a, nothing).await), ClaimCouponRefusal::CampaignNotFound);
    let sold_out = shop.storage.find_campaign(campaign).await.unwrap().unwrap();
    assert_eq!(sold_out.allotment.state(shop.sources.now()), CampaignState::SoldOut);
}

#[tokio::test]
async fn a_campaign_has_a_time_to_claim() {
    let shop = Shop::new();
    let (user, now) = (shop.customer().await, shop.sources.now());
    let draft = CampaignDraft {
        claim_from: Some(now + TimeDelta::hours(1)),
        claim_until: Some(now + TimeDelta::hours(2)),
        ..shop.fixed_off(1_000, 2)
    };
    let campaign = shop.campaign(draft).await;
    assert_eq!(refused(shop.claim(user, campaign).await), ClaimCouponRefusal::Claim(ClaimRefusal::NotOpen));
    shop.clock.advance(TimeDelta::hours(2));
    assert_eq!(refused(shop.claim(user, campaign).await), ClaimCouponRefusal::Claim(ClaimRefusal::Closed));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storm_of_claims_issues_exactly_what_there_is() {
    let shop = Shop::new();
    let campaign = shop.campaign(shop.fixed_off(1_000, 50)).await;
    let mut claiming = JoinSet::new();
    for _ in 0..100 {
        let user = shop.customer().await;
        for _ in 0..2 {
            let shop = shop.clone();
            claiming.spawn(async move { shop.claim(user, campaign).await });
        }
    }
    let mut sequences = BTreeSet::new();
    let mut users = BTreeSet::new();
    for verdict in claiming.join_all().await {
        if let Verdict::Accepted { outcome, .. } = verdict {
            assert!(sequences.insert(outcome.sequence));
            assert!(users.insert(outcome.user));
        }
    }
    assert!(sequences.into_iter().eq(1..=50));
}

#[tokio::test]
async fn a_coupon_is_in_the_price_and_used_with_the_order() {
    let shop = Shop::new();
    let user = shop.customer_with(50_000).await;
    let products = [shop.product(6_000, 9).await, shop.product(4_000, 9).await, shop.product(1, 9).await];
    let campaign = shop.campaign(shop.fixed_off(1_000, 2)).await;
    let coupon = accepted(shop.claim(user, campaign).await).id;
    let order = accepted(place_with(&shop, user, &products.map(|product| (product, 1)), coupon).await);
    let shares: Vec<_> = order.lines.iter().map(|line| line.discount.amount()).collect();
    assert_eq!((shares, order.total(), order.issued_coupon), (vec![600, 400, 0], krw(9_001), Some(coupon)));
    assert_eq!(status(&shop, coupon).await, CouponStatus::Used);
    assert_eq!(shop.storage.find_order(order.id).await.unwrap().as_ref(), Some(&order));

    let taken = PlaceOrderRefusal::CouponNotUsable(CouponNotUsable::Use(UseRefusal::AlreadyUsed));
    assert_eq!(refused(place_with(&shop, user, &[(products[0], 1)], coupon).await), taken);
    let payment = accepted(shop.pay(user, order.id).await);
    assert_eq!((payment.amount, shop.balance(user).await), (krw(9_001), 40_999));
    assert_eq!(shop.cancel(user, order.id).await.unwrap_err().to_string(), "the order cannot be cancelled");
    assert_eq!(status(&shop, coupon).await, CouponStatus::Used);
}

#[tokio::test]
async fn a_coupon_that_does_not_fit_is_not_wasted() {
    let shop = Shop::new();
    let (user, other) = (shop.customer().await, shop.customer().await);
    let (mug, cup) = (shop.product(1_000, 9).await, shop.product(2_000, 9).await);
    let scope = CouponScope::Products(BTreeSet::from([cup]));
    let draft = CampaignDraft::new("Cups".parse().unwrap(), CouponDiscount::Fixed(krw(500)), scope, units(9));
    let campaign = shop.campaign(draft).await;
    let coupon = accepted(shop.claim(user, campaign).await).id;
    let not_usable =
        async |user, product, coupon| match refused(place_with(&shop, user, &[(product, 1)], coupon).await) {
            PlaceOrderRefusal::CouponNotUsable(reason) => reason,
            other => panic!("{other}"),
        };
    let nothing_applies = CouponNotUsable::Discount(DiscountRefusal::NothingApplies);
    assert_eq!(not_usable(user, mug, coupon).await, nothing_applies);
    assert_eq!(not_usable(other, cup, coupon).await, CouponNotUsable::Use(UseRefusal::NotOwned));
    assert_eq!(not_usable(user, cup, shop.sources.id(shop.sources.now())).await, CouponNotUsable::Unknown);
    assert_eq!((status(&shop, coupon).await, shop.stock(cup).await), (CouponStatus::Issued, 9));
}

#[tokio::test]
async fn a_coupon_comes_back_when_its_order_ends_unpaid() {
    let shop = Shop::new();
    let (user, mug) = (shop.customer().await, shop.product(5_000, 9).await);
    let campaign = shop.campaign(shop.fixed_off(1_000, 9)).await;
    let coupon = accepted(shop.claim(user, campaign).await).id;

    let cancelled = accepted(place_with(&shop, user, &[(mug, 1)], coupon).await).id;
    shop.cancel(user, cancelled).await.unwrap();
    assert_eq!(status(&shop, coupon).await, CouponStatus::Issued);

    accepted(place_with(&shop, user, &[(mug, 1)], coupon).await);
    shop.clock.advance(TimeDelta::minutes(30));
    assert_eq!(expire_due_orders(&shop.storage, &shop.sources).await.unwrap(), 1);
    assert_eq!(status(&shop, coupon).await, CouponStatus::Issued);
    // Cancelling the first again does not give it back a second time.
    let third = accepted(place_with(&shop, user, &[(mug, 1)], coupon).await).id;
    shop.cancel(user, cancelled).await.unwrap();
    assert_eq!(status(&shop, coupon).await, CouponStatus::Used);

    shop.run(&DeleteAccounts { sources: shop.sources.clone() }, user).await.unwrap();
    assert_eq!(shop.storage.find_order(third).await.unwrap().unwrap().status(), OrderStatus::Cancelled);
    assert_eq!((status(&shop, coupon).await, shop.stock(mug).await), (CouponStatus::Issued, 9));
}

/// Hard case 10: the coupon expires between place and cancel.
#[tokio::test]
async fn hard_case_10_a_coupon_that_comes_back_too_late_has_expired() {
    let shop = Shop::new();
    let (user, mug) = (shop.customer().await, shop.product(5_000, 9).await);
    let until = shop.sources.now() + TimeDelta::minutes(10);
    let campaign =
        shop.campaign(CampaignDraft { valid_until: Some(until), ..shop.fixed_off(1_000, 9) }).await;
    let coupon = accepted(shop.claim(user, campaign).await).id;
    let order = accepted(place_with(&shop, user, &[(mug, 1)], coupon).await).id;
    shop.clock.advance(TimeDelta::minutes(10));
    assert_eq!(status(&shop, coupon).await, CouponStatus::Used);
    shop.cancel(user, order).await.unwrap();
    assert_eq!(status(&shop, coupon).await, CouponStatus::Expired);
    let expired = PlaceOrderRefusal::CouponNotUsable(CouponNotUsable::Use(UseRefusal::Expired));
    assert_eq!(refused(place_with(&shop, user, &[(mug, 1)], coupon).await), expired);
}

/// Hard cases 2 and 3: a coupon larger than its base, and so a total of zero.
#[tokio::test]
async fn hard_cases_2_and_3_a_coupon_larger_than_the_order_settles_it() {
    let shop = Shop::new();
    let (user, sticker) = (shop.customer().await, shop.product(300, 9).await);
    let campaign = shop.campaign(shop.fixed_off(1_000, 9)).await;
    let coupon = accepted(shop.claim(user, campaign).await).id;
    let order = accepted(place_with(&shop, user, &[(sticker, 2)], coupon).await);
    assert_eq!((order.discount, order.total(), order.status()), (krw(600), krw(0), OrderStatus::Paid));
    assert_eq!(shop.storage.payments_of_order(order.id).await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_many_orders_gets_a_coupon() {
    let shop = Shop::new();
    let (user, mug) = (shop.customer().await, shop.product(5_000, 99).await);
    let campaign = shop.campaign(shop.fixed_off(1_000, 9)).await;
    let coupon = accepted(shop.claim(user, campaign).await).id;
    let mut placing = JoinSet::new();
    for _ in 0..30 {
        let shop = shop.clone();
        placing.spawn(async move { place_with(&shop, user, &[(mug, 1)], coupon).await });
    }
    let placed = placing.join_all().await;
    assert_eq!(placed.iter().filter(|verdict| matches!(verdict, Verdict::Accepted { .. })).count(), 1);
    assert_eq!(shop.stock(mug).await, 98);
}
