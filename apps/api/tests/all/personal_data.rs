//! Personal data is nowhere in the clear: not in the files of the database, not in the log (ADR-027).
//!
//! Somebody with telling data does everything that can be done. Then every byte of every file is searched.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sea_orm::{ConnectionTrait, Database, Statement};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::support::{Api, PASSWORD, Person, Server, money};

/// What must not be found, in any case of its letters. Each is part of what somebody entered, and of nothing else.
const TELLING: [&str; 8] =
    ["telltale", "xylophon", "quetzal", "바실리스크", "7788-9911", "77889911", "4455-6677", "44556677"];

/// Longer than anything here takes; whoever waits for it in vain has failed.
const LONG: Duration = Duration::from_mins(1);

const EMAIL: &str = "Telltale.One@xylophon.example";
const OTHER_EMAIL: &str = "telltale.two@xylophon.example";

/// Every file under a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

fn holds(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window.eq_ignore_ascii_case(wanted))
}

/// In which files of the shop something is: those of the database, the log, everything.
fn found_in(server: &Server, wanted: &[u8]) -> Vec<String> {
    let holding = files(server.folder()).into_iter().filter(|path| holds(&fs::read(path).unwrap(), wanted));
    holding.map(|path| path.file_name().unwrap().to_string_lossy().into_owned()).collect()
}

#[track_caller]
fn nothing_is_told(server: &Server) {
    for telling in TELLING {
        assert_eq!(found_in(server, telling.as_bytes()), Vec::<String>::new(), "{telling} is in the clear");
        // As JSON may write it.
        let escaped: Vec<String> = telling.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
        assert_eq!(
            found_in(server, escaped.concat().as_bytes()),
            Vec::<String>::new(),
            "{telling} is in the clear"
        );
    }
}

/// Everything that somebody can do, and what goes wrong with it.
async fn story(api: &Api, admin: &Person, email: &str, password: &str) -> Api {
    let sign_up = json!({ "email": email, "password": password, "name": "Xylophonia Quetzal", "phone": "010-7788-9911" });
    let me = api.post("/users", &sign_up).await.is(201);
    api.post("/users", &sign_up).await.is_problem(409, "email-taken");
    api.post("/users", &json!({ "email": "telltale@@quetzal", "password": "x", "name": "Xylophonia" }))
        .await
        .is(422);
    api.post("/users", &json!({ "emial": email, "telltale": "Quetzal" })).await.is(422);
    api.raw("/users", format!("{{\"email\": \"{email}\", \"name\": Xylophonia")).await.is(400);
    let wrong = json!({ "email": email, "password": "telltale password" });
    api.post("/auth/login", &wrong).await.is_problem(401, "invalid-credentials");
    let tokens = api.post("/auth/login", &json!({ "email": email, "password": password })).await.is(200);
    let minji = api.with_token(tokens.body["accessToken"].as_str().unwrap());
    minji.patch("/users/me", &json!({ "name": "바실리스크", "phone": "+82 10-4455-6677" })).await.is(200);
    minji.patch("/users/me", &json!({ "phone": "telltale" })).await.is(422);
    minji.get(&format!("/users/me?email={email}")).await;
    let found = admin.get(&format!("/admin/users?email={email}")).await.is(200);
    assert_eq!(found.items().len(), 1);
    admin.get("/admin/users?email=telltale&name=Xylophonia").await.is(422);

    let mug = admin.product("Searchable mug", 12_000, 10).await;
    let campaign = admin.campaign(5, json!({})).await;
    minji.once("/users/me/points/charges", &json!({ "amount": money(90_000) })).await.is(201);
    let coupon = minji.keyed_bare(&format!("/coupons/{campaign}/claims"), "claim").await.is(201);
    let items = json!([{ "productId": mug, "quantity": 2 }]);
    let order = json!({ "items": items, "issuedCouponId": coupon.id() });
    let placed = minji.keyed("/orders", "place", &order).await.is(201);
    minji.keyed("/orders", "place", &order).await.is(201);
    let paid = minji.keyed("/payments", "pay", &json!({ "orderId": placed.id() })).await.is(201);
    let line: &Value = &placed.items()[0]["id"];
    let back =
        json!({ "paymentId": paid.id(), "reason": "x", "items": [{ "orderItemId": line, "quantity": 1 }] });
    minji.keyed("/refunds", "refund", &back).await.is(201);
    let grant = json!({ "amount": money(4_000), "expiresAt": "2999-01-01T00:00:00Z", "reason": "welcome" });
    admin.once(&format!("/users/{}/points/grants", me.id()), &grant).await.is(201);
    let cancelled = minji.once("/orders", &json!({ "items": items })).await.is(201);
    minji.once(&format!("/orders/{}/cancel", cancelled.id()), &json!({})).await.is(200);
    minji.get("/users/me").await.is(200);
    minji
}

/// The sealed values of all accounts, the hash of the address and that of the password.
async fn kept(server: &Server) -> Vec<Vec<u8>> {
    let db = Database::connect(server.database_url()).await.unwrap();
    let question = "SELECT email_sealed, name_sealed, phone_sealed, email_lookup, CAST(password_hash AS BLOB) FROM users";
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), question)).await.unwrap();
    db.close().await.unwrap();
    let values = rows
        .iter()
        .flat_map(|row| (0..5).filter_map(|column| row.try_get_by_index::<Option<Vec<u8>>>(column).unwrap()));
    values.collect()
}

#[tokio::test]
async fn nothing_of_it_is_in_any_file_and_what_is_sealed_goes_with_the_account() {
    // Everything that the server itself has to say, and what its libraries say of what they do.
    let filter = "debug,jangteo_api=trace,jangteo_application=trace,jangteo_storage_sea_orm=trace,jangteo_security=trace";
    let mut server = Server::with(&[
        ("JANGTEO__LOG__FILTER", filter),
        ("JANGTEO__LOG__FORMAT", "json"),
        ("JANGTEO__RATE_LIMIT__ENABLED", "true"),
    ]);
    let (api, admin) = (server.api(), server.admin().await);
    let before = kept(&server).await;
    let leaving = story(&api, &admin, EMAIL, PASSWORD).await;
    let sealed: Vec<_> = kept(&server).await.into_iter().filter(|value| !before.contains(value)).collect();
    assert_eq!(sealed.len(), 5, "all that there is of one account");
    let staying = story(&api, &admin, OTHER_EMAIL, PASSWORD).await;

    // The search finds what is there, in the log of the database too, which holds every state that there ever was.
    let wal = "jangteo.sqlite-wal".to_owned();
    assert!(found_in(&server, b"searchable MUG").contains(&wal), "{:?}", files(server.folder()));
    assert!(found_in(&server, &sealed[0]).contains(&wal));
    // Events have been handed on, and are in the log.
    let told = timeout(LONG, async {
        while !server.log().contains("jangteo.payment.refunded.v1") {
            api.get("//livez").await.is(200);
        }
    });
    told.await.expect("events are delivered");
    nothing_is_told(&server);
    let rotated = server.run(&["keys", "rotate"], "");
    assert_eq!(rotated.status.code(), Some(0));
    let said = [rotated.stdout, rotated.stderr].concat();
    assert!(!TELLING.iter().any(|telling| holds(&said, telling.as_bytes())));
    let again: Vec<_> = kept(&server).await;
    assert!(!again.contains(&sealed[0]), "it is sealed with another key");

    leaving.delete("/users/me").await.is(204);
    nothing_is_told(&server);
    let after = kept(&server).await;
    assert_eq!(after.len(), again.len() - 5, "nothing is kept of a deleted account");
    staying.get("/users/me").await.is(200);
    assert!(server.stop().success());
    nothing_is_told(&server);
    // What was sealed is gone too, with every key, once the log of the database is worked into its file.
    let gone = sealed.iter().chain(again.iter().filter(|value| !after.contains(value)));
    for (n, value) in gone.enumerate() {
        assert_eq!(found_in(&server, value), Vec::<String>::new(), "value {n} of the deleted account");
    }
    assert!(after.iter().all(|value| !found_in(&server, value).is_empty()), "what is left is still there");
    server.adds_up();
}
