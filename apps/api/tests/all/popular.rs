//! Popular products, and what counts their sales.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::{DateTime, Datelike, NaiveDate, SecondsFormat, TimeDelta, Utc};
use jangteo_test_services::Service;
use sea_orm::{ConnectionTrait, Database};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::DATABASE;
use crate::support::{Person, Reply, Server, money, run};

/// How soon a sale has to show.
const SOON: Duration = Duration::from_secs(10);

/// The business day of an instant in Seoul, which has no summer time.
fn day_of(instant: DateTime<Utc>) -> NaiveDate {
    (instant + TimeDelta::hours(9)).date_naive()
}

/// A customer with points.
async fn rich(server: &Server) -> Person {
    let minji = server.customer().await;
    minji.charge(10_000_000).await;
    minji
}

/// Orders and pays; gives the order.
async fn buy(who: &Person, items: &[(&str, u32)]) -> Value {
    let order = who.order(items).await.is(201);
    if order.body["status"] == "PENDING_PAYMENT" {
        who.pay(order.id()).await.is(201);
    }
    who.get(&format!("/orders/{}", order.id())).await.is(200).body
}

fn paid_on(order: &Value) -> NaiveDate {
    day_of(instant(&order["paidAt"]))
}

async fn ranking(server: &Server, query: &str) -> Reply {
    server.api().get(&format!("/products/popular?{query}")).await.is(200)
}

/// The ids and units of a ranking.
fn places(reply: &Reply) -> Vec<(String, i64)> {
    let items =
        reply.items().iter().map(|it| (it["productId"].as_str().unwrap(), it["units"].as_i64().unwrap()));
    items.map(|(id, units)| (id.to_owned(), units)).collect()
}

/// Asks until the ranking is right. The job counts by itself; nobody waits longer than is promised.
async fn until(server: &Server, query: &str, right: impl Fn(&Reply) -> bool) -> Reply {
    let asked = async {
        loop {
            let reply = ranking(server, query).await;
            if right(&reply) {
                break reply;
            }
        }
    };
    match timeout(SOON, asked).await {
        Ok(reply) => reply,
        Err(late) => panic!("{late}: {query} still shows {}", ranking(server, query).await.text),
    }
}

/// Asks until the ranking has these places.
async fn shows(server: &Server, query: &str, expected: &[(&str, i64)]) -> Reply {
    let expected: Vec<_> = expected.iter().map(|(id, units)| ((*id).to_owned(), *units)).collect();
    until(server, query, |reply| places(reply) == expected).await
}

/// An instant of a body.
fn instant(value: &Value) -> DateTime<Utc> {
    value.as_str().unwrap().parse().unwrap()
}

/// Rebuilds some days and says how many roll-ups were corrected.
#[track_caller]
fn rebuild(server: &Server, from: NaiveDate, until: NaiveDate) -> u32 {
    let [from, until] = [from, until].map(|day| day.to_string());
    let done = server.run(&["ranking", "rebuild", "--from", &from, "--until", &until], "");
    let told = String::from_utf8_lossy(&done.stdout).into_owned();
    assert_eq!(done.status.code(), Some(0), "{told}{}", String::from_utf8_lossy(&done.stderr));
    let corrected = told.split(", ").nth(1).and_then(|rest| rest.split(' ').next());
    corrected.unwrap_or_else(|| panic!("{told}")).parse().unwrap()
}

/// Makes an order one that was paid at this time, by hand.
async fn was_paid(server: &Server, order: &Value, at: DateTime<Utc>) {
    let id = order["id"].as_str().unwrap();
    let bytes = format!("x'{}'", id.replace('-', ""));
    let (at, id) = match DATABASE {
        None => (at.to_rfc3339_opts(SecondsFormat::AutoSi, false), bytes),
        Some(Service::MariaDb) => (at.format("%Y-%m-%d %H:%M:%S%.3f").to_string(), bytes),
        Some(Service::Postgres) => (at.to_rfc3339(), format!("'{id}'")),
    };
    let db = Database::connect(server.database_url()).await.unwrap();
    let sql = format!("UPDATE orders SET paid_at = '{at}' WHERE id = {id}");
    assert_eq!(db.execute_unprepared(&sql).await.unwrap().rows_affected(), 1, "{sql}");
    db.close().await.unwrap();
}

#[tokio::test]
async fn what_is_refunded_is_subtracted_from_the_day_of_the_sale() {
    let server = Server::start();
    let (admin, minji) = (server.admin().await, rich(&server).await);
    let (mug, tea) = (admin.product("Mug", 12_000, 10).await, admin.product("Tea", 7_000, 10).await);
    let order = buy(&minji, &[(&mug, 4), (&tea, 3)]).await;
    let query = format!("window=date&date={}", paid_on(&order));
    shows(&server, &query, &[(&mug, 4), (&tea, 3)]).await;

    let payments = minji.get(&format!("/orders/{}/payments", order["id"].as_str().unwrap())).await.is(200);
    let payment = payments.items()[0]["id"].clone();
    let mugs = json!([{ "orderItemId": order["items"][0]["id"], "quantity": 2 }]);
    minji.once("/refunds", &json!({ "paymentId": payment, "reason": "x", "items": mugs })).await.is(201);
    let shown = shows(&server, &query, &[(&tea, 3), (&mug, 2)]).await;
    assert_eq!(shown.items()[1]["revenue"], money(24_000));
    assert_eq!(rebuild(&server, paid_on(&order), paid_on(&order) + TimeDelta::days(1)), 0);
    minji.keyed_bare(&format!("/payments/{}/cancel", payment.as_str().unwrap()), "k").await.is(200);
    shows(&server, &query, &[]).await;
    assert_eq!(rebuild(&server, paid_on(&order), paid_on(&order) + TimeDelta::days(1)), 0);
}

#[tokio::test]
async fn a_sale_shows_by_itself_and_a_rebuild_changes_nothing() {
    let server = Server::start();
    let (admin, minji) = (server.admin().await, rich(&server).await);
    let (mug, tea) = (admin.product("Mug", 12_000, 10).await, admin.product("Tea", 7_000, 3).await);
    let order = buy(&minji, &[(&mug, 2), (&tea, 3)]).await;
    // What is not paid does not count, nor what is given up.
    minji.order(&[(&mug, 1)]).await.is(201);
    let cancelled = minji.order(&[(&mug, 4)]).await.is(201);
    minji.post(&format!("/orders/{}/cancel", cancelled.id()), &json!({})).await.is(200);

    let day = paid_on(&order);
    let query = format!("window=date&date={day}");
    let shown = shows(&server, &query, &[(&tea, 3), (&mug, 2)]).await.body;
    let item = |rank, id: &str, name, price: i64, sold_out, units: i64| {
        json!({
            "rank": rank,
            "productId": id,
            "name": name,
            "price": money(price),
            "soldOut": sold_out,
            "units": units,
            "revenue": money(price * units),
        })
    };
    assert_eq!(
        shown,
        json!({
            "window": "date",
            "from": format!("{}T15:00:00.000Z", day.pred_opt().unwrap()),
            "until": format!("{day}T15:00:00.000Z"),
            "asOf": shown["asOf"],
            "items": [item(1, &tea, "Tea", 7_000, true, 3), item(2, &mug, "Mug", 12_000, false, 2)],
        })
    );
    assert!(instant(&order["paidAt"]) <= instant(&shown["asOf"]), "{shown}");

    assert_eq!(rebuild(&server, day - TimeDelta::days(3), day + TimeDelta::days(2)), 0);
    assert_eq!(ranking(&server, &query).await.items(), shown["items"].as_array().unwrap().as_slice());
    server.adds_up();
}

/// Without jobs nothing is counted, and a rebuild knows that; so a job that starts later counts everything once.
#[tokio::test]
async fn what_waits_to_be_counted_is_left_alone_by_a_rebuild() {
    let server = Server::with(&[("JANGTEO__JOBS__ENABLED", "false")]);
    let (admin, minji) = (server.admin().await, rich(&server).await);
    let mug = admin.product("Mug", 1_000, 100).await;
    let order = buy(&minji, &[(&mug, 2)]).await;
    buy(&minji, &[(&mug, 3)]).await;
    let day = paid_on(&order);
    let query = format!("window=date&date={day}");
    let waiting = ranking(&server, &query).await;
    assert_eq!((places(&waiting), &waiting.body["asOf"]), (vec![], &order["paidAt"]));
    assert_eq!(rebuild(&server, day, day + TimeDelta::days(2)), 0);
    assert_eq!(places(&ranking(&server, &query).await), []);

    // The demo counts what it has sold, and whatever else there is.
    assert!(server.run(&["demo"], "").status.success());
    shows(&server, &query, &[(&mug, 5)]).await;
    assert_eq!(rebuild(&server, day, day + TimeDelta::days(2)), 0);
    shows(&server, &query, &[(&mug, 5)]).await;
}

#[tokio::test]
async fn ties_are_broken_by_revenue_and_then_by_id() {
    let server = Server::start();
    let (admin, minji) = (server.admin().await, rich(&server).await);
    let cheap = [admin.product("A", 100, 9).await, admin.product("B", 100, 9).await];
    let (dear, free) = (admin.product("C", 900, 9).await, admin.product("D", 0, 9).await);
    let order = buy(&minji, &[(&cheap[1], 2), (&dear, 2), (&cheap[0], 2)]).await;
    buy(&minji, &[(&free, 3)]).await;
    let [first, second] = BTreeSet::from(cheap).into_iter().collect::<Vec<_>>().try_into().unwrap();
    let ranked: [(&str, i64); 4] = [(&free, 3), (&dear, 2), (&first, 2), (&second, 2)];
    let query = format!("window=date&date={}", paid_on(&order));
    shows(&server, &query, &ranked).await;
    shows(&server, &format!("{query}&limit=2"), &ranked[..2]).await;
}

#[tokio::test]
async fn what_is_no_longer_on_sale_is_left_out_at_once_and_comes_back() {
    let server = Server::start();
    let (admin, minji) = (server.admin().await, rich(&server).await);
    let (mug, tea) = (admin.product("Mug", 100, 9).await, admin.product("Tea", 100, 9).await);
    let order = buy(&minji, &[(&mug, 2), (&tea, 1)]).await;
    let query = format!("window=date&date={}", paid_on(&order));
    shows(&server, &query, &[(&mug, 2), (&tea, 1)]).await;
    let path = format!("/products/{mug}");
    admin.patch(&path, &json!({ "status": "SUSPENDED", "name": "Big mug" })).await.is(200);
    let left = ranking(&server, &query).await;
    assert_eq!(places(&left), [(tea.clone(), 1)]);
    assert_eq!(left.items()[0]["rank"], 1);
    admin.patch(&path, &json!({ "status": "ON_SALE" })).await.is(200);
    let back = ranking(&server, &query).await;
    assert_eq!(places(&back), [(mug.clone(), 2), (tea, 1)]);
    assert_eq!(back.items()[0]["name"], "Big mug");
}

/// Sales of long ago, made so by hand: a rebuild then puts every window right.
#[tokio::test]
async fn every_window_has_its_days() {
    let server = Server::start();
    let (admin, minji) = (server.admin().await, rich(&server).await);
    // Nothing is uncounted, so a ranking is as of now.
    let today = day_of(instant(&ranking(&server, "").await.body["asOf"]));
    // In no window that another one is in, also if midnight passes meanwhile.
    let mut sold = Vec::new();
    for ago in [0, 2, 5, 20, 400] {
        let product = admin.product(&format!("{ago} days ago"), 100, 9).await;
        let order = buy(&minji, &[(&product, 1)]).await;
        let day = today - TimeDelta::days(ago);
        if ago > 0 {
            was_paid(&server, &order, format!("{day}T03:00:00Z").parse().unwrap()).await;
        }
        sold.push((product, day));
    }
    // Once all is counted for the day of its payment, a rebuild moves it to the day that the orders say now.
    let counted = until(&server, "window=month", |reply| reply.items().len() == 5).await;
    let (first, end) = (sold[4].1, day_of(instant(&counted.body["asOf"])) + TimeDelta::days(1));
    assert_eq!(rebuild(&server, first, end), 8, "four days each lose and win a roll-up");
    assert_eq!(rebuild(&server, first, end), 0);

    let within = async |query: &str, expected: &[usize]| {
        let expected: BTreeSet<String> = expected.iter().map(|n| sold[*n].0.clone()).collect();
        let ids = |reply: &Reply| places(reply).into_iter().map(|(id, _)| id).collect::<BTreeSet<_>>();
        until(&server, query, |reply| ids(reply) == expected).await.body
    };
    within("window=last-3-days", &[1]).await;
    within("window=last-7-days", &[1, 2]).await;
    within("window=last-30-days&limit=100", &[1, 2, 3]).await;
    for (n, (_, day)) in sold.iter().enumerate().skip(1) {
        within(&format!("window=date&date={day}"), &[n]).await;
    }
    let old = sold[4].1;
    let monday = old - TimeDelta::days(old.weekday().num_days_from_monday().into());
    let week = within(&format!("window=week&date={old}"), &[4]).await;
    assert_eq!(week["from"], format!("{}T15:00:00.000Z", monday.pred_opt().unwrap()));
    assert_eq!(week["until"], format!("{}T15:00:00.000Z", monday + TimeDelta::days(6)));
    let month = within(&format!("window=month&date={old}"), &[4]).await;
    assert_eq!(month["from"], format!("{}T15:00:00.000Z", old.with_day(1).unwrap().pred_opt().unwrap()));
    // The same weekday as twenty days ago; others may share it.
    let weekday = sold[3].1.weekday();
    let same: Vec<usize> = (1..4).filter(|n| sold[*n].1.weekday() == weekday).collect();
    let eighth =
        within(&format!("window=weekday&weekday={}", weekday.to_string().to_uppercase()), &same).await;
    assert_eq!(instant(&eighth["until"]) - instant(&eighth["from"]), TimeDelta::days(7 * 7 + 1));
    let now = ranking(&server, "").await.body;
    let [from, as_of, until] = ["from", "asOf", "until"].map(|name| instant(&now[name]));
    assert_eq!((&now["window"], until - from), (&json!("today"), TimeDelta::days(1)));
    assert!(from <= as_of && as_of < until);
}

/// Hard case 14 over HTTP: a sale at 23:59:59.999 on Sunday in Seoul, and one a millisecond later.
#[tokio::test]
async fn hard_case_14_midnight_on_sunday_in_seoul_is_between_two_weeks() {
    let server = Server::start();
    let (admin, minji) = (server.admin().await, rich(&server).await);
    let mug = admin.product("Mug", 100, 9).await;
    for (units, paid_at) in [(1, "2026-01-11T14:59:59.999Z"), (2, "2026-01-11T15:00:00Z")] {
        let order = buy(&minji, &[(&mug, units)]).await;
        was_paid(&server, &order, paid_at.parse().unwrap()).await;
    }
    let day = |text: &str| text.parse::<NaiveDate>().unwrap();
    // What is uncounted counts for the real day, and is no business of these.
    rebuild(&server, day("2026-01-01"), day("2026-02-01"));
    shows(&server, "window=week&date=2026-01-05", &[(&mug, 1)]).await;
    shows(&server, "window=week&date=2026-01-12", &[(&mug, 2)]).await;
    shows(&server, "window=date&date=2026-01-12", &[(&mug, 2)]).await;
}

#[tokio::test]
async fn a_query_that_makes_no_sense_is_refused_by_name() {
    let server = Server::start();
    let ask = async |query: &str| server.api().get(&format!("/products/popular?{query}")).await;
    for (query, pointers) in [
        ("window=year", &["/window"][..]),
        ("window=", &["/window"]),
        ("window=year&date=2026-11-22&weekday=MON", &["/window"]),
        ("window=date&date=2026-02-30", &["/date"]),
        ("window=date&date=2026-2-3", &["/date"]),
        ("window=date&date=22.11.2026", &["/date"]),
        ("window=date&date=1969-12-31", &["/date"]),
        ("window=date&date=3000-01-01", &["/date"]),
        ("window=date&date=", &["/date"]),
        ("date=2026-11-22", &["/date"]),
        ("window=today&date=2026-11-22", &["/date"]),
        ("window=last-7-days&date=2026-11-22", &["/date"]),
        ("window=weekday", &["/weekday"]),
        ("window=weekday&weekday=mon", &["/weekday"]),
        ("window=weekday&weekday=MON&date=2026-11-22", &["/date"]),
        ("window=weekday&date=2026-11-22", &["/date", "/weekday"]),
        ("window=week&weekday=MON", &["/weekday"]),
        ("limit=0", &["/limit"]),
        ("limit=101", &["/limit"]),
        ("limit=ten", &["/limit"]),
        ("cursor=x", &["/cursor"]),
        ("window=today&window=week", &["/window"]),
    ] {
        ask(query).await.is_invalid(pointers);
    }
    for query in [
        "window=date&date=1970-01-01",
        "window=week&date=2999-12-31",
        "window=month&date=2028-02-29",
        "window=month",
        "window=weekday&weekday=SUN&limit=100",
        "limit=1",
    ] {
        assert_eq!(ask(query).await.is(200).items(), [] as [Value; 0], "{query}");
    }
    server.api().send(server.api().request(reqwest::Method::PATCH, "/products/popular")).await.is(405);
}

#[test]
fn a_rebuild_wants_days_and_a_database() {
    let told = |arguments: &[&str]| run(&[], &[&["ranking"], arguments].concat());
    for wrong in [
        &[][..],
        &["rebuild"],
        &["rebuild", "--from", "2026-11-01"],
        &["rebuild", "--until", "2026-11-01"],
        &["rebuild", "--from", "2026-11-31", "--until", "2026-12-02"],
        &["rebuild", "--from", "yesterday", "--until", "2026-12-02"],
        &["rebuild", "--from", "2026-11-02", "--until", "2026-11-02"],
        &["rebuild", "--from", "2026-11-02", "--until", "2026-11-01"],
    ] {
        assert_eq!(told(wrong).status.code(), Some(2), "{wrong:?}");
    }
    let nowhere = told(&["rebuild", "--from", "2026-11-01", "--until", "2026-11-02"]);
    assert_eq!(nowhere.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&nowhere.stderr).contains("jangteo migrate"));
}

#[tokio::test]
async fn the_past_of_the_demo_is_in_the_ranking() {
    let server = Server::start();
    assert!(server.run(&["demo"], "").status.success());
    let shown = ranking(&server, "window=last-30-days").await;
    let sold: Vec<(i64, bool)> = shown
        .items()
        .iter()
        .map(|it| (it["units"].as_i64().unwrap(), it["soldOut"].as_bool().unwrap()))
        .collect();
    // Soap, the lamps that are all gone, mugs, tea.
    assert_eq!(sold, [(4, false), (3, true), (2, false), (1, false)]);
}
