//! What shoppers do. One more operation is one more entry in the list.
#![expect(clippy::unnecessary_wraps, reason = "all operations have one shape")]

use chrono::{SecondsFormat, TimeDelta};
use jangteo_security::SystemClock;
use jangteo_shared_kernel::Clock;
use reqwest::Method;
use serde_json::json;

use super::request::Request;
use super::shopper::{Paid, Shopper};
use crate::support::money;

/// Makes a request out of what a shopper has; `None` if there is nothing to make it of.
pub(super) type Operation = fn(&mut Shopper) -> Option<Request>;

pub(super) const OPERATIONS: &[Operation] = &[
    place,
    place,
    place,
    place_with_coupon,
    pay,
    pay,
    pay,
    cancel,
    refund,
    refund,
    refund_and_keep_out,
    cancel_payment,
    claim,
    charge,
    grant,
    grant_for_a_moment,
    adjust_stock,
    edit_product,
];

fn place(shopper: &mut Shopper) -> Option<Request> {
    let [mug, cup] = shopper.goods.products.clone();
    let items = json!([
        { "productId": mug, "quantity": 1 + shopper.below(3) },
        { "productId": cup, "quantity": 1 },
        { "productId": shopper.special, "quantity": 1 },
    ]);
    Some(Request::keyed("/orders", json!({ "items": items })))
}

fn place_with_coupon(shopper: &mut Shopper) -> Option<Request> {
    let coupon = shopper.coupons.pop()?;
    let items = json!([{ "productId": shopper.goods.products[0], "quantity": 1 + shopper.below(3) }]);
    Some(Request::keyed("/orders", json!({ "items": items, "issuedCouponId": coupon })))
}

fn pay(shopper: &mut Shopper) -> Option<Request> {
    let order = shopper.unpaid.pop()?;
    Some(Request::keyed("/payments", json!({ "orderId": order })))
}

fn cancel(shopper: &mut Shopper) -> Option<Request> {
    let order = shopper.unpaid.pop()?;
    Some(Request::without_key(Method::POST, &format!("/orders/{order}/cancel"), None))
}

/// A unit of any line, which may be gone by now.
fn one_unit(shopper: &Shopper, restock: bool) -> Option<Request> {
    let Paid { payment, lines } = shopper.any_paid()?;
    let line = &lines[shopper.below(lines.len().try_into().ok()?) as usize];
    let items = json!([{ "orderItemId": line, "quantity": 1, "restock": restock }]);
    Some(Request::keyed("/refunds", json!({ "paymentId": payment, "reason": "broken", "items": items })))
}

fn refund(shopper: &mut Shopper) -> Option<Request> {
    one_unit(shopper, true)
}

fn refund_and_keep_out(shopper: &mut Shopper) -> Option<Request> {
    one_unit(shopper, false).map(Request::by_admin)
}

fn cancel_payment(shopper: &mut Shopper) -> Option<Request> {
    let Paid { payment, .. } = shopper.any_paid()?;
    Some(Request::keyed(&format!("/payments/{payment}/cancel"), None))
}

fn claim(shopper: &mut Shopper) -> Option<Request> {
    Some(Request::keyed(&format!("/coupons/{}/claims", shopper.goods.campaign), None))
}

fn charge(shopper: &mut Shopper) -> Option<Request> {
    let amount = money(i64::from(5_000 + shopper.below(5_000)));
    Some(Request::keyed("/users/me/points/charges", json!({ "amount": amount })))
}

fn grant(shopper: &mut Shopper) -> Option<Request> {
    grant_until(shopper, "2999-01-01T00:00:00Z")
}

/// It expires while others spend and refund, or with the server gone.
fn grant_for_a_moment(shopper: &mut Shopper) -> Option<Request> {
    let until = SystemClock.now() + TimeDelta::seconds(3);
    grant_until(shopper, &until.to_rfc3339_opts(SecondsFormat::Millis, true))
}

fn grant_until(shopper: &Shopper, until: &str) -> Option<Request> {
    let amount = money(i64::from(1 + shopper.below(900)));
    let body = json!({ "amount": amount, "expiresAt": until, "reason": "sorry" });
    Some(Request::keyed(&format!("/users/{}/points/grants", shopper.customer.id), body).by_admin())
}

fn adjust_stock(shopper: &mut Shopper) -> Option<Request> {
    let delta = i64::from(1 + shopper.below(20)) - 30 * i64::from(shopper.below(2));
    let path = format!("/products/{}/stock-adjustments", shopper.special);
    Some(Request::keyed(&path, json!({ "delta": delta, "reason": "counted" })).by_admin())
}

fn edit_product(shopper: &mut Shopper) -> Option<Request> {
    let price = money(i64::from(100 + shopper.below(900)));
    let path = format!("/products/{}", shopper.special);
    Some(Request::without_key(Method::PATCH, &path, json!({ "price": price })).by_admin())
}
