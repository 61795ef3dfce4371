//! The audit over HTTP and on the command line.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jangteo_test_services::Service;
use sea_orm::{ConnectOptions, ConnectionTrait, Database};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::DATABASE;
use crate::support::{Server, money, run};

/// The check of this name.
fn check<'a>(report: &'a Value, name: &str) -> &'a Value {
    let checks = report["checks"].as_array().expect("checks");
    checks.iter().find(|check| check["name"] == name).unwrap_or_else(|| panic!("no {name} in {report}"))
}

fn broken(report: &Value) -> Vec<&str> {
    let checks = report["checks"].as_array().expect("checks").iter();
    checks.filter(|check| check["holds"] != true).map(|check| check["name"].as_str().unwrap()).collect()
}

/// Changes a row in the database of a server, past its constraints.
async fn tamper(server: &Server, table: &str, change: &str, key: &str, id: &str) {
    let bytes = format!("x'{}'", id.replace('-', ""));
    let (no_constraints, id) = match DATABASE {
        None => ("PRAGMA ignore_check_constraints = ON", bytes),
        Some(Service::MariaDb) => ("SET SESSION check_constraint_checks = 0", bytes),
        Some(Service::Postgres) => (
            "ALTER TABLE point_accounts DROP CONSTRAINT IF EXISTS point_accounts_not_below_zero",
            format!("'{id}'"),
        ),
    };
    let mut one = ConnectOptions::new(server.database_url());
    one.max_connections(1);
    let db = Database::connect(one).await.expect("a connection");
    db.execute_unprepared(no_constraints).await.expect("no constraints");
    let sql = format!("UPDATE {table} SET {change} WHERE {key} = {id}");
    assert_eq!(db.execute_unprepared(&sql).await.expect("it runs").rows_affected(), 1, "{sql}");
    db.close().await.expect("it closes");
}

#[tokio::test]
async fn a_day_of_shopping_adds_up() {
    let server = Server::start();
    server.adds_up();
    let (admin, minji, junho) = (server.admin().await, server.customer().await, server.customer().await);
    let (mug, tea) = (admin.product("Mug", 12_000, 10).await, admin.product("Tea", 7_000, 3).await);
    let delivery = json!({ "delta": -2, "reason": "broken" });
    admin.once(&format!("/products/{mug}/stock-adjustments"), &delivery).await.is(201);
    minji.charge(50_000).await;
    let grant = json!({ "amount": money(5_000), "expiresAt": "2099-01-01T00:00:00Z", "reason": "welcome" });
    admin.once(&format!("/users/{}/points/grants", minji.id), &grant).await.is(201);
    let paid = minji.order(&[(&mug, 2), (&tea, 1)]).await.is(201);
    minji.pay(paid.id()).await.is(201);
    let cancelled = minji.order(&[(&mug, 3)]).await.is(201);
    minji.post(&format!("/orders/{}/cancel", cancelled.id()), &json!({})).await.is(200);
    junho.charge(10_000).await;
    junho.order(&[(&tea, 1)]).await.is(201);
    junho.delete("/users/me").await.is(204);

    let report = admin.get("/admin/audit").await.is(200).body;
    assert_eq!(broken(&report), Vec::<&str>::new());
    assert!(report["asOf"].as_str().is_some_and(|instant| instant.ends_with('Z')), "{report}");
    assert_eq!(
        check(&report, "stock-conserved"),
        &json!({
            "name": "stock-conserved",
            "holds": true,
            "figures": { "received": 11, "stock": 8, "ordered": 3, "violated": 0 },
            "violations": [],
        })
    );
    assert_eq!(
        check(&report, "points-conserved")["figures"],
        json!({
            "charged": 60_000,
            "granted": 5_000,
            "balances": 24_000,
            "spent": 31_000,
            "givenBack": 0,
            "expired": 10_000,
            "violated": 0,
        })
    );
    minji.get("/admin/audit").await.is_problem(403, "forbidden");
    server.api().get("/admin/audit").await.is_problem(401, "unauthenticated");
    admin.get("/admin/audit?all=true").await.is_invalid(&["/all"]);
}

/// One snapshot: whatever is under way is in the report whole or not at all.
#[tokio::test(flavor = "multi_thread")]
async fn adds_up_while_orders_are_running() {
    const ROUNDS: usize = 12;
    let server = Arc::new(Server::start());
    let admin = server.admin().await;
    let (mug, tea) = (admin.product("Mug", 1_000, 100_000).await, admin.product("Tea", 700, 100_000).await);
    let closing = Arc::new(AtomicBool::new(false));
    let mut shopping = JoinSet::new();
    for n in 0..6 {
        let minji = server.customer().await;
        minji.charge(10_000_000).await;
        let (mug, tea, closing) = (mug.clone(), tea.clone(), Arc::clone(&closing));
        shopping.spawn(async move {
            let mut placed = 0_u64;
            while !closing.load(Ordering::Relaxed) {
                let order = minji.order(&[(&mug, 1 + n), (&tea, 2)]).await.is(201).id().to_owned();
                placed += 1;
                match placed % 3 {
                    0 => drop(minji.post(&format!("/orders/{order}/cancel"), &json!({})).await.is(200)),
                    1 => drop(minji.pay(&order).await.is(201)),
                    _ => drop(minji.charge(1_000).await),
                }
            }
            placed
        });
    }
    let mut ordered = Vec::new();
    for _ in 0..ROUNDS {
        let report = admin.get("/admin/audit").await.is(200).body;
        assert_eq!(broken(&report), Vec::<&str>::new(), "{report}");
        ordered.push(check(&report, "stock-conserved")["figures"]["ordered"].as_i64().unwrap());
        server.adds_up();
    }
    closing.store(true, Ordering::Relaxed);
    let placed: u64 = shopping.join_all().await.iter().sum();
    assert!(ordered.first() < ordered.last(), "orders were running meanwhile: {ordered:?}");
    server.adds_up();
    println!("{placed} orders during {ROUNDS} audits of each kind");
}

#[tokio::test]
async fn what_does_not_add_up_is_told_and_named() {
    let server = Server::start();
    let (admin, minji) = (server.admin().await, server.customer().await);
    let mug = admin.product("Mug", 1_000, 10).await;
    minji.charge(10_000).await;
    tamper(&server, "product_stock", "quantity = 9", "product_id", &mug).await;
    tamper(&server, "point_accounts", "balance = -1", "user_id", &minji.id).await;

    let report = admin.get("/admin/audit").await.is(200).body;
    assert_eq!(broken(&report), ["stock-conserved", "points-conserved", "point-balance-is-its-lots"]);
    assert_eq!(
        check(&report, "stock-conserved"),
        &json!({
            "name": "stock-conserved",
            "holds": false,
            "figures": { "received": 10, "stock": 9, "ordered": 0, "violated": 1 },
            "violations": [{ "table": "product_stock", "id": mug, "expected": 10, "found": 9 }],
        })
    );

    let told = server.run(&["audit"], "");
    assert_eq!(told.status.code(), Some(1));
    let text = String::from_utf8(told.stdout).expect("text");
    for line in [
        "FAIL  stock-conserved: received 10 ≠ stock 9 + ordered 0".to_owned(),
        format!("      product_stock {mug}: expected 10, found 9"),
        "FAIL  points-conserved: charged 10000 + granted 0 ≠ balances -1 + spent 0 - givenBack 0 + expired 0"
            .to_owned(),
        format!("      point_accounts {}: expected 10000, found -1", minji.id),
        "ok    order-total-is-gross-less-discount: gross 0 - discount 0 = total 0".to_owned(),
    ] {
        assert!(text.lines().any(|other| other == line), "{line:?} is not in:\n{text}");
    }
    assert!(text.trim_end().ends_with("3 of 38 rules are broken."), "{text}");

    let told = server.run(&["audit", "--json"], "");
    assert_eq!(told.status.code(), Some(1));
    let mut same: Value = serde_json::from_slice(&told.stdout).expect("JSON");
    same["asOf"] = report["asOf"].clone();
    assert_eq!(same, report);
}

#[test]
fn an_audit_ends_with_0_when_all_is_well_and_1_when_there_is_nothing_to_audit() {
    let server = Server::start();
    let clean = server.run(&["audit"], "");
    assert_eq!(clean.status.code(), Some(0));
    assert!(
        String::from_utf8_lossy(&clean.stdout).trim_end().ends_with("Everything adds up: all 38 rules hold.")
    );
    assert_eq!(server.run(&["audit", "--json"], "").status.code(), Some(0));
    assert_eq!(server.run(&["audit", "--all"], "").status.code(), Some(2));

    let nothing = run(&[], &["audit"]);
    assert_eq!(nothing.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&nothing.stderr).contains("jangteo migrate"));
    assert_eq!(server.run(&["migrate", "--down", "1"], "").status.code(), Some(0));
    assert_eq!(server.run(&["audit"], "").status.code(), Some(1), "the schema is not up to date");
}
