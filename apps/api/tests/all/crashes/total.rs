//! Nothing has happened twice: what the shop holds is what its answers said, and no more.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::shopper::{Goods, Paid, Shopper};
use super::text;
use crate::support::Person;

/// Everything in a list, which does not change meanwhile.
async fn all(person: &Person, path: &str) -> Vec<Value> {
    let (mut items, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = person.get(&format!("{path}?limit=100{cursor}")).await.is(200);
        items.extend(page.items().iter().cloned());
        let Some(next) = page.body["nextCursor"].as_str() else { return items };
        cursor = format!("&cursor={next}");
    }
}

/// Gives how many orders have each status, and how many lots of points have expired.
pub(super) async fn adds_up(
    admin: &Person,
    shoppers: &[Shopper],
    goods: &Goods,
    received: i64,
) -> (BTreeMap<String, usize>, usize) {
    let mut sold = BTreeMap::<String, i64>::new();
    let mut expired = 0;
    let (mut claimed, mut statuses) = (0, BTreeMap::<String, usize>::new());
    for shopper in shoppers {
        let orders = all(&shopper.customer, "/orders").await;
        let ids: BTreeSet<String> = orders.iter().map(|order| text(&order["id"])).collect();
        let placed: BTreeSet<String> = shopper.orders.keys().cloned().collect();
        assert_eq!((orders.len(), &ids), (ids.len(), &placed), "an order for each answer");
        let mut product_of = BTreeMap::new();
        for order in &orders {
            let status = text(&order["status"]);
            let ended = status == "CANCELLED" || status == "EXPIRED";
            *statuses.entry(status).or_default() += 1;
            if ended {
                continue;
            }
            for line in order["items"].as_array().expect("items") {
                let (units, product) = (units(line), text(&line["productId"]));
                product_of.insert(text(&line["id"]), product.clone());
                *sold.entry(product).or_default() += units;
            }
        }
        let mut refunds = 0;
        for Paid { payment, .. } in &shopper.payments {
            for refund in all(&shopper.customer, &format!("/payments/{payment}/refunds")).await {
                refunds += 1;
                for item in
                    refund["items"].as_array().expect("items").iter().filter(|item| item["restock"] == true)
                {
                    let product = &product_of[&text(&item["orderItemId"])];
                    *sold.get_mut(product).expect("it was sold") -= units(item);
                }
            }
        }
        assert_eq!(refunds, shopper.refunds, "a refund for each answer");
        let history = all(&shopper.customer, "/users/me/points/history").await;
        let of = |kinds: &[&str]| {
            history.iter().filter(|entry| kinds.iter().any(|kind| entry["kind"] == *kind)).count()
        };
        assert_eq!(of(&["CHARGED", "GRANTED"]), shopper.credits, "an entry for each charge and grant");
        assert_eq!(of(&["REFUNDED"]), shopper.refunds, "an entry for each refund");
        expired += of(&["EXPIRED"]);
        assert_eq!(of(&["SPENT"]), shopper.payments.len(), "an entry for each payment");
        let coupons = all(&shopper.customer, "/users/me/coupons").await;
        assert_eq!(coupons.len(), shopper.claimed, "a coupon for each claim");
        claimed += coupons.len();
        let special = sold.get(&shopper.special).copied().unwrap_or_default();
        assert_eq!(admin.stock(&shopper.special).await + special, received + shopper.adjusted);
    }
    for product in &goods.products {
        assert_eq!(admin.stock(product).await + sold[product], received);
    }
    assert_eq!(admin.get(&format!("/coupons/{}", goods.campaign)).await.is(200).body["claimed"], claimed);
    (statuses, expired)
}

fn units(item: &Value) -> i64 {
    item["quantity"].as_i64().expect("units")
}
