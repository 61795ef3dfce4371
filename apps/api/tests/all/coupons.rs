//! Campaigns, claims, and coupons in orders.

use chrono::{DateTime, SecondsFormat, TimeDelta};
use serde_json::{Value, json};

use crate::support::{Person, Reply, Server, money};

const NOTHING: &str = "01900000-0000-7000-8000-000000000001";

/// So many milliseconds from now, as the server's clock has it.
async fn from_now(admin: &Person, milliseconds: i64) -> String {
    let made =
        admin.post("/products", &json!({ "name": "Now", "price": money(1), "stock": 0 })).await.is(201);
    let now = DateTime::parse_from_rfc3339(made.body["createdAt"].as_str().unwrap()).unwrap().to_utc();
    (now + TimeDelta::milliseconds(milliseconds)).to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// A campaign that holds what it should.
pub(crate) fn campaign() -> Value {
    json!({
        "name": "첫 구매 쿠폰",
        "discount": { "type": "PERCENT", "basisPoints": 1_000, "maxAmount": money(5_000) },
        "minOrderAmount": money(20_000),
        "scope": { "type": "ALL" },
        "totalQuantity": 3,
        "perUserLimit": 2,
        "claimFrom": "2020-01-01T09:00:00+09:00",
        "claimUntil": "2999-01-01T00:00:00.0009Z",
        "validFrom": null,
        "validUntil": null,
        "validDays": 30,
    })
}

#[tokio::test]
async fn a_campaign_is_made_by_an_administrator_and_shown_to_anyone() {
    let server = Server::start();
    let (admin, minji) = (server.admin().await, server.customer().await);
    let made = admin.post("/coupons", &campaign()).await.is(201);
    let mut whole = campaign();
    whole["id"] = json!(made.id());
    whole["createdAt"] = made.body["createdAt"].clone();
    whole["claimFrom"] = json!("2020-01-01T00:00:00.000Z");
    whole["claimUntil"] = json!("2999-01-01T00:00:00.000Z");
    whole["claimed"] = json!(0);
    whole["remaining"] = json!(3);
    whole["state"] = json!("OPEN");
    assert_eq!(made.body, whole);
    let path = format!("/coupons/{}", made.id());
    assert_eq!(made.header("location"), Some(format!("/api/v1{path}").as_str()));

    let nobody = server.api();
    let shown = nobody.get(&path).await.is(200);
    assert_eq!((&shown.body, shown.tag()), (&whole, made.tag()));
    assert_eq!(shown.header("cache-control"), Some("no-cache"));
    minji.claim(made.id()).await.is(201);
    let shown = nobody.get(&path).await.is(200);
    assert_eq!((&shown.body["claimed"], &shown.body["remaining"]), (&json!(1), &json!(2)));
    assert_eq!(nobody.get("/coupons").await.is(200).items(), [shown.body]);
    nobody.get(&format!("/coupons/{NOTHING}")).await.is_problem(404, "not-found");
}

#[tokio::test]
async fn what_is_left_out_of_a_campaign_has_a_meaning() {
    let server = Server::start();
    let admin = server.admin().await;
    let mug = admin.product("Mug", 12_000, 5).await;
    let body = json!({
        "name": "Mugs",
        "discount": { "type": "FIXED", "amount": money(1_000) },
        "scope": { "type": "PRODUCTS", "productIds": [mug, mug] },
        "totalQuantity": 1_000_000_000,
        "minOrderAmount": null,
        "validUntil": "2999-01-01T00:00:00Z",
    });
    let made = admin.post("/coupons", &body).await.is(201).body;
    assert_eq!(made["discount"], json!({ "type": "FIXED", "amount": money(1_000) }));
    assert_eq!(made["scope"], json!({ "type": "PRODUCTS", "productIds": [mug] }));
    assert_eq!((&made["perUserLimit"], &made["remaining"]), (&json!(1), &json!(1_000_000_000)));
    assert_eq!(made["validUntil"], "2999-01-01T00:00:00.000Z");
    for null in ["minOrderAmount", "claimFrom", "claimUntil", "validFrom", "validDays"] {
        assert!(made.get(null).is_some_and(Value::is_null), "{null}: {made}");
    }
    let bare = json!({ "discount": { "type": "PERCENT", "basisPoints": 10_000 } });
    let bare = admin.campaign(1, bare).await;
    let shown = admin.get(&format!("/coupons/{bare}")).await.is(200).body;
    assert_eq!(shown["discount"], json!({ "type": "PERCENT", "basisPoints": 10_000, "maxAmount": null }));
}

/// Makes a campaign with other values for some fields.
async fn with(admin: &Person, fields: Value) -> Reply {
    let mut body = campaign();
    for (name, value) in fields.as_object().unwrap() {
        body[name] = value.clone();
    }
    admin.post("/coupons", &body).await
}

#[tokio::test]
async fn every_field_of_a_campaign_at_fault_is_named() {
    let server = Server::start();
    let admin = server.admin().await;
    let usd = json!({ "amount": 0, "currency": "USD" });
    let fixed = |amount: Value| json!({ "discount": { "type": "FIXED", "amount": amount } });
    let percent = |points: Value| json!({ "discount": { "type": "PERCENT", "basisPoints": points } });
    let scope = |scope: Value| json!({ "scope": scope });
    let later = "2026-01-02T00:00:00Z";
    let cases = [
        (json!({ "name": " " }), vec!["/name"]),
        (json!({ "name": "x".repeat(201) }), vec!["/name"]),
        (fixed(money(0)), vec!["/discount/amount/amount"]),
        (fixed(money(i64::MIN)), vec!["/discount/amount/amount"]),
        (fixed(usd.clone()), vec!["/discount/amount/currency", "/discount/amount/amount"]),
        (fixed(json!(null)), vec!["/discount/amount"]),
        (percent(json!(0)), vec!["/discount/basisPoints"]),
        (percent(json!(10_001)), vec!["/discount/basisPoints"]),
        (percent(json!(-1)), vec!["/discount/basisPoints"]),
        (percent(json!(i64::MAX)), vec!["/discount/basisPoints"]),
        (percent(json!(null)), vec!["/discount/basisPoints"]),
        (percent(json!("10%")), vec!["/discount/basisPoints"]),
        (json!({ "discount": { "type": "HALF" } }), vec!["/discount/type"]),
        (json!({ "discount": { "amount": money(1) } }), vec!["/discount/type"]),
        (json!({ "discount": { "type": "FIXED", "rate": 1 } }), vec!["/discount/rate"]),
        (
            json!({ "discount": { "type": "FIXED", "amount": money(1), "basisPoints": 1, "maxAmount": money(1) } }),
            vec!["/discount/basisPoints", "/discount/maxAmount"],
        ),
        (
            json!({ "discount": { "type": "PERCENT", "amount": money(1), "basisPoints": 1, "maxAmount": money(0) } }),
            vec!["/discount/amount", "/discount/maxAmount/amount"],
        ),
        (json!({ "minOrderAmount": money(-1) }), vec!["/minOrderAmount/amount"]),
        (json!({ "minOrderAmount": usd }), vec!["/minOrderAmount/currency"]),
        (scope(json!({ "type": "SOME" })), vec!["/scope/type"]),
        (scope(json!({ "type": "PRODUCTS" })), vec!["/scope/productIds"]),
        (scope(json!({ "type": "PRODUCTS", "productIds": [] })), vec!["/scope/productIds"]),
        (scope(json!({ "type": "ALL", "productIds": [NOTHING] })), vec!["/scope/productIds"]),
        (scope(json!({ "type": "PRODUCTS", "productIds": [NOTHING, "x", 1] })), vec!["/scope/productIds/2"]),
        (scope(json!({ "type": "PRODUCTS", "productIds": [NOTHING, "x"] })), vec!["/scope/productIds/1"]),
        (json!({ "totalQuantity": 0 }), vec!["/totalQuantity"]),
        (json!({ "totalQuantity": 1_000_000_001 }), vec!["/totalQuantity"]),
        (json!({ "totalQuantity": -5, "perUserLimit": i64::MAX }), vec!["/totalQuantity", "/perUserLimit"]),
        (json!({ "perUserLimit": 0 }), vec!["/perUserLimit"]),
        (
            json!({ "claimFrom": "tomorrow", "claimUntil": "2026-13-01T00:00:00Z" }),
            vec!["/claimFrom", "/claimUntil"],
        ),
        (json!({ "claimFrom": later, "claimUntil": later }), vec!["/claimUntil"]),
        (json!({ "claimUntil": "9999-12-31T23:59:59-01:00" }), vec!["/claimUntil"]),
        (json!({ "claimUntil": "+12345-01-01T00:00:00Z" }), vec!["/claimUntil"]),
        (json!({ "claimFrom": "0001-01-01T00:00:00Z" }), vec!["/claimFrom"]),
        (json!({ "validDays": null, "validFrom": later, "validUntil": later }), vec!["/validUntil"]),
        (json!({ "validDays": 0 }), vec!["/validDays"]),
        (json!({ "validDays": 36_501 }), vec!["/validDays"]),
        (json!({ "validDays": -1 }), vec!["/validDays"]),
        (json!({ "validDays": 1, "validFrom": later }), vec!["/validDays"]),
        (json!({ "validDays": 1, "validUntil": later }), vec!["/validDays"]),
        (json!({ "claimed": 3 }), vec!["/claimed"]),
        // All at once.
        (
            json!({
                "name": "",
                "discount": { "type": "FIXED" },
                "scope": { "type": "PRODUCTS", "productIds": ["x"] },
                "totalQuantity": 0,
                "claimFrom": "x",
                "validDays": 0,
            }),
            vec![
                "/name",
                "/discount/amount",
                "/scope/productIds/0",
                "/totalQuantity",
                "/claimFrom",
                "/validDays",
            ],
        ),
    ];
    for (fields, pointers) in cases {
        with(&admin, fields).await.is_invalid(&pointers);
    }
    admin.post("/coupons", &json!({})).await.is_invalid(&["/name"]);
    assert_eq!(admin.get("/coupons").await.is(200).items().len(), 0);
}

#[tokio::test]
async fn every_product_of_a_campaign_exists() {
    let server = Server::start();
    let admin = server.admin().await;
    let mug = admin.product("Mug", 12_000, 5).await;
    let other = "01900000-0000-7000-8000-000000000002";
    let scope = json!({ "scope": { "type": "PRODUCTS", "productIds": [NOTHING, mug, other] } });
    with(&admin, scope).await.is_invalid(&["/scope/productIds/0", "/scope/productIds/2"]);
    // One that is not on sale counts: it may come back.
    admin.patch(&format!("/products/{mug}"), &json!({ "status": "SUSPENDED" })).await.is(200);
    with(&admin, json!({ "scope": { "type": "PRODUCTS", "productIds": [mug] } })).await.is(201);
}

#[tokio::test]
async fn a_claim_has_no_body_and_gives_a_coupon() {
    let server = Server::start();
    let (admin, minji) = (server.admin().await, server.customer().await);
    let campaign = admin.campaign(5, json!({ "validDays": 2 })).await;
    let claimed = minji.claim(&campaign).await.is(201);
    assert_eq!(claimed.header("location"), Some("/api/v1/users/me/coupons"));
    let from = DateTime::parse_from_rfc3339(claimed.body["claimedAt"].as_str().unwrap()).unwrap().to_utc();
    let until = (from + TimeDelta::hours(48)).to_rfc3339_opts(SecondsFormat::Millis, true);
    assert_eq!(
        claimed.body,
        json!({
            "id": claimed.id(),
            "couponId": campaign,
            "userId": minji.id,
            "sequence": 1,
            "status": "ISSUED",
            "validFrom": claimed.body["claimedAt"],
            "validUntil": until,
            "claimedAt": claimed.body["claimedAt"],
        })
    );
    assert_eq!(minji.get("/users/me/coupons").await.is(200).items(), [claimed.body]);

    let path = format!("/coupons/{campaign}/claims");
    minji.send(minji.request(reqwest::Method::POST, &path)).await.is_problem(400, "idempotency-key-required");
    minji.keyed_bare(&path, "a b").await.is_problem(400, "idempotency-key-invalid");
    minji.keyed_bare(&format!("{path}?all=1"), "k").await.is_invalid(&["/all"]);
    minji.keyed_bare(&format!("/coupons/{NOTHING}/claims"), "k").await.is_problem(404, "not-found");
    minji.keyed_bare("/coupons/x/claims", "k").await.is_problem(404, "not-found");
    // A body that is there all the same means nothing.
    server.customer().await.once(&path, &json!({ "sequence": 77 })).await.is(201);
    server.customer().await.raw(&path, "{").await.is(201);
    let nobody = server.api();
    nobody.keyed_bare(&path, "k").await.is_problem(401, "unauthenticated");
}

#[tokio::test]
async fn a_claim_is_refused_for_the_first_reason_that_holds() {
    let server = Server::start();
    let (admin, minji, junho) = (server.admin().await, server.customer().await, server.customer().await);
    let (past, future) = (json!("2020-01-01T00:00:00Z"), json!("2999-01-01T00:00:00Z"));
    let state = async |id: &str| admin.get(&format!("/coupons/{id}")).await.is(200).body["state"].clone();

    let scheduled = admin.campaign(1, json!({ "claimFrom": future })).await;
    assert_eq!(state(&scheduled).await, "SCHEDULED");
    minji.claim(&scheduled).await.is_problem(409, "claim-not-open");
    let closed = admin.campaign(1, json!({ "claimUntil": past })).await;
    assert_eq!(state(&closed).await, "CLOSED");
    minji.claim(&closed).await.is_problem(409, "claim-closed");

    let two_each =
        admin.campaign(3, json!({ "perUserLimit": 2, "claimFrom": past, "claimUntil": future })).await;
    assert_eq!(state(&two_each).await, "OPEN");
    assert_eq!(minji.claim(&two_each).await.is(201).body["sequence"], 1);
    assert_eq!(minji.claim(&two_each).await.is(201).body["sequence"], 2);
    minji.claim(&two_each).await.is_problem(409, "coupon-already-claimed");
    assert_eq!(state(&two_each).await, "OPEN");
    assert_eq!(junho.claim(&two_each).await.is(201).body["sequence"], 3);
    assert_eq!(state(&two_each).await, "SOLD_OUT");
    // To have all that one may have is told before there is nothing left.
    minji.claim(&two_each).await.is_problem(409, "coupon-already-claimed");
    junho.claim(&two_each).await.is_problem(409, "coupon-sold-out");
}

#[tokio::test]
async fn a_campaign_closes_by_itself_and_a_replay_wins_over_that() {
    let server = Server::start();
    let (admin, minji) = (server.admin().await, server.customer().await);
    let until = from_now(&admin, 2_500).await;
    let id = admin.campaign(5, json!({ "claimUntil": until })).await;
    let (path, claims) = (format!("/coupons/{id}"), format!("/coupons/{id}/claims"));
    let first = minji.keyed_bare(&claims, "k").await.is(201);
    let open = admin.get(&path).await.is(200);
    while admin.get_with(&path, "If-None-Match", &open.tag()).await.status == 304 {}
    assert_eq!(admin.get(&path).await.is(200).body["state"], "CLOSED");
    admin.claim(&id).await.is_problem(409, "claim-closed");
    let again = minji.keyed_bare(&claims, "k").await.is(201);
    assert_eq!((again.header("idempotency-replayed"), &again.text), (Some("true"), &first.text));
}

#[tokio::test]
async fn coupons_are_listed_to_their_owner_by_status() {
    let server = Server::start();
    let (admin, minji, junho) = (server.admin().await, server.customer().await, server.customer().await);
    let mug = admin.product("Mug", 12_000, 5).await;
    let endless = admin.campaign(9, json!({})).await;
    let coming = admin.campaign(9, json!({ "validFrom": "2999-01-01T00:00:00Z" })).await;
    let over = admin.campaign(9, json!({ "validUntil": "2020-01-01T00:00:00Z" })).await;
    let used = admin.campaign(9, json!({})).await;
    for campaign in [&endless, &coming, &over, &used] {
        minji.claim(campaign).await.is(201);
    }
    let mine = minji.get("/users/me/coupons").await.is(200);
    let newest = mine.items()[0]["id"].as_str().unwrap().to_owned();
    let not_yet = mine.items()[2]["id"].as_str().unwrap().to_owned();
    let too_late = mine.items()[1]["id"].as_str().unwrap().to_owned();
    minji.order_with(&mug, 1, &newest).await.is(201);
    for unusable in [&not_yet, &too_late, &newest] {
        minji.order_with(&mug, 1, unusable).await.is_problem(409, "coupon-not-usable");
    }
    assert_eq!(minji.coupon_statuses().await, ["USED", "EXPIRED", "ISSUED", "ISSUED"]);
    for (status, campaigns) in
        [("ISSUED", vec![&coming, &endless]), ("USED", vec![&used]), ("EXPIRED", vec![&over])]
    {
        let list = minji.get(&format!("/users/me/coupons?status={status}")).await.is(200);
        let listed: Vec<_> = list.items().iter().map(|coupon| coupon["couponId"].as_str().unwrap()).collect();
        assert_eq!(listed, campaigns, "{status}");
        assert!(list.items().iter().all(|coupon| coupon["status"] == status), "{}", list.text);
    }
    minji.get("/users/me/coupons?status=issued").await.is_invalid(&["/status"]);
    minji.get("/users/me/coupons?userId=x&limit=0").await.is_invalid(&["/userId", "/limit"]);

    // What is somebody else's is neither listed nor usable, and answers like what never was.
    assert_eq!(junho.get("/users/me/coupons").await.is(200).items().len(), 0);
    assert_eq!(admin.get("/users/me/coupons").await.is(200).items().len(), 0);
    let foreign = mine.items()[3]["id"].as_str().unwrap();
    let refused = junho.order_with(&mug, 1, foreign).await.is_problem(409, "coupon-not-usable");
    let unknown = junho.order_with(&mug, 1, NOTHING).await.is_problem(409, "coupon-not-usable");
    assert_eq!(refused.body["detail"], unknown.body["detail"]);
    junho.order_with(&mug, 1, "x").await.is_invalid(&["/issuedCouponId"]);
}

#[tokio::test]
async fn an_order_uses_a_coupon_and_gives_it_back_when_it_is_cancelled() {
    let server = Server::start();
    let (admin, minji) = (server.admin().await, server.customer().await);
    let (mug, tea) = (admin.product("Mug", 6_000, 9).await, admin.product("Tea", 4_000, 9).await);
    let gift = admin.product("Gift", 1, 9).await;
    let coupon = minji.claim(&admin.campaign(1, json!({})).await).await.is(201).id().to_owned();
    let body = json!({
        "items": [
            { "productId": mug, "quantity": 1 },
            { "productId": tea, "quantity": 1 },
            { "productId": gift, "quantity": 1 },
        ],
        "issuedCouponId": coupon,
        "expectedTotal": money(9_001),
    });
    let mut dearer = body.clone();
    dearer["expectedTotal"] = money(10_001);
    minji.once("/orders", &dearer).await.is_problem(409, "price-changed");
    assert_eq!(minji.coupon_statuses().await, ["ISSUED"]);

    let order = minji.once("/orders", &body).await.is(201);
    assert_eq!(
        (&order.body["gross"], &order.body["discount"], &order.body["total"]),
        (&money(10_001), &money(1_000), &money(9_001))
    );
    assert_eq!(order.body["issuedCouponId"], coupon);
    let shares: Vec<_> =
        order.items().iter().map(|line| line["discount"]["amount"].as_i64().unwrap()).collect();
    assert_eq!(shares, [600, 400, 0]);
    assert_eq!(order.items()[0]["net"], money(5_400));
    assert_eq!(minji.coupon_statuses().await, ["USED"]);
    let path = format!("/orders/{}", order.id());
    assert_eq!(minji.get(&path).await.is(200).body, order.body);
    assert_eq!(minji.get("/orders").await.is(200).items(), std::slice::from_ref(&order.body));

    minji.once("/orders", &body).await.is_problem(409, "coupon-not-usable");
    assert_eq!(minji.stock(&mug).await, 8);
    let cancelled = minji.post(&format!("{path}/cancel"), &json!({})).await.is(200);
    // The order stays as it was placed.
    assert_eq!(
        (&cancelled.body["issuedCouponId"], &cancelled.body["total"]),
        (&json!(coupon), &money(9_001))
    );
    assert_eq!(minji.coupon_statuses().await, ["ISSUED"]);

    minji.charge(10_000).await;
    let paid = minji.once("/orders", &body).await.is(201);
    // Cancelling the first order again does not take the coupon from the second.
    minji.post(&format!("{path}/cancel"), &json!({})).await.is(200);
    minji.pay(paid.id()).await.is(201);
    assert_eq!((minji.balance().await, minji.coupon_statuses().await), (999, vec!["USED".to_owned()]));
}

#[tokio::test]
async fn a_coupon_that_takes_nothing_off_is_not_wasted() {
    let server = Server::start();
    let (admin, minji) = (server.admin().await, server.customer().await);
    let (mug, tea) = (admin.product("Mug", 5_000, 99).await, admin.product("Tea", 99, 99).await);
    let tea_only = json!({ "type": "PRODUCTS", "productIds": [tea] });
    let percent = json!({ "type": "PERCENT", "basisPoints": 100 });
    let mut issued = Vec::new();
    for fields in [
        json!({ "minOrderAmount": money(10_000) }),
        json!({ "scope": tea_only }),
        json!({ "scope": tea_only, "discount": percent }),
    ] {
        let campaign = admin.campaign(1, fields).await;
        issued.push(minji.claim(&campaign).await.is(201).id().to_owned());
    }
    minji.order_with(&mug, 1, &issued[0]).await.is_problem(409, "coupon-not-usable");
    minji.order_with(&mug, 1, &issued[1]).await.is_problem(409, "coupon-not-usable");
    // One percent of 99 won is less than one won (hard case 4).
    minji.order_with(&tea, 1, &issued[2]).await.is_problem(409, "coupon-not-usable");
    assert_eq!(minji.coupon_statuses().await, ["ISSUED"; 3]);
    // What cannot be bought is told before the coupon, and before the price.
    minji.order_with(&tea, 100, NOTHING).await.is_problem(409, "out-of-stock");

    assert_eq!(minji.order_with(&mug, 2, &issued[0]).await.is(201).body["total"], money(9_000));
    assert_eq!(minji.order_with(&tea, 2, &issued[2]).await.is(201).body["total"], money(197));
    // Hard cases 2 and 3: a coupon larger than its base, and a total of zero.
    let free = minji.order_with(&tea, 1, &issued[1]).await.is(201);
    assert_eq!((&free.body["total"], &free.body["status"]), (&money(0), &json!("PAID")));
    assert_eq!(free.body["discount"], money(99));
    assert_eq!(minji.coupon_statuses().await, ["USED"; 3]);
}

#[tokio::test]
async fn an_order_that_expires_gives_its_coupon_back() {
    let server = Server::with(&[("JANGTEO__ORDERS__UNPAID_EXPIRY", "1s")]);
    let (admin, minji) = (server.admin().await, server.customer().await);
    let mug = admin.product("Mug", 12_000, 5).await;
    let coupon = minji.claim(&admin.campaign(1, json!({})).await).await.is(201).id().to_owned();
    let order = minji.order_with(&mug, 1, &coupon).await.is(201);
    assert_eq!(minji.coupon_statuses().await, ["USED"]);
    let path = format!("/orders/{}", order.id());
    while minji.get(&path).await.is(200).body["status"] == "PENDING_PAYMENT" {}
    let expired = minji.get(&path).await.is(200);
    assert_eq!(
        (&expired.body["status"], &expired.body["issuedCouponId"]),
        (&json!("EXPIRED"), &json!(coupon))
    );
    assert_eq!(minji.coupon_statuses().await, ["ISSUED"]);
    minji.order_with(&mug, 1, &coupon).await.is(201);
}

/// Hard case 10: the coupon expires between place and cancel.
#[tokio::test]
async fn hard_case_10_a_coupon_given_back_after_its_time_has_expired() {
    let server = Server::start();
    let (admin, minji) = (server.admin().await, server.customer().await);
    let mug = admin.product("Mug", 12_000, 5).await;
    let until = from_now(&admin, 4_000).await;
    let campaign = admin.campaign(2, json!({ "perUserLimit": 2, "validUntil": until })).await;
    minji.claim(&campaign).await.is(201);
    let coupon = minji.claim(&campaign).await.is(201).id().to_owned();
    let order = minji.order_with(&mug, 1, &coupon).await.is(201);
    // The other coupon tells when the time is over.
    while minji.coupon_statuses().await == ["USED", "ISSUED"] {}
    assert_eq!(minji.coupon_statuses().await, ["USED", "EXPIRED"]);
    minji.post(&format!("/orders/{}/cancel", order.id()), &json!({})).await.is(200);
    assert_eq!(minji.coupon_statuses().await, ["EXPIRED", "EXPIRED"]);
    minji.order_with(&mug, 1, &coupon).await.is_problem(409, "coupon-not-usable");
    assert_eq!(minji.stock(&mug).await, 5);
}
