//! What the shop tells, compared with what `docs/events.md` promises.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use jangteo_application::{
    AdjustStock, AdjustStocks, DeleteAccounts, EditProduct, EditProducts, Envelope, Event, EventKind,
    GrantPointAccounts, GrantPoints, StoredEvent, expire_due_orders,
};
use jangteo_point::PointLimits;
use jangteo_product::CatalogueEdit;

use crate::refunds::{cancel_payment, refund};
use crate::shop::{Shop, accepted, krw};

const DOCUMENT: &str = include_str!("../../../../docs/events.md");

/// The kinds of the document, each a section, with the fields of the table in it.
fn documented() -> BTreeMap<String, BTreeSet<String>> {
    let mut kinds = BTreeMap::<String, BTreeSet<String>>::new();
    let mut kind = None;
    for line in DOCUMENT.lines() {
        if let Some(heading) = line.strip_prefix("### `jangteo.") {
            let (name, _) = heading.split_once('`').unwrap();
            let name = name.strip_suffix(".v1").unwrap_or(name).to_owned();
            assert!(!kinds.contains_key(&name), "{name} is there twice");
            kinds.insert(name.clone(), BTreeSet::new());
            kind = Some(name);
        } else if line.starts_with('#') {
            kind = None;
        } else if let (Some(kind), Some(row)) = (&kind, line.strip_prefix("| `")) {
            let (field, _) = row.split_once('`').unwrap();
            kinds.get_mut(kind).unwrap().insert(field.to_owned());
        }
    }
    kinds
}

/// A shop in which everything has happened that can.
async fn busy_shop() -> Shop {
    let shop = Shop::new();
    let (user, mug, sticker) =
        (shop.customer_with(50_000).await, shop.product(1_000, 10).await, shop.product(0, 10).await);
    let edit = CatalogueEdit { price: Some(krw(2_000).try_into().unwrap()), ..CatalogueEdit::default() };
    let edit = EditProduct { product: mug, edit, expected: None };
    shop.run(&EditProducts { sources: shop.sources.clone() }, edit).await.unwrap();
    let adjust = AdjustStock {
        product: mug,
        delta: 5,
        reason: "counted by Minji".parse().unwrap(),
        mark: shop.mark(user),
    };
    let adjusting = AdjustStocks {
        sources: shop.sources.clone(),
        render: |_| jangteo_application::Answer { status: 201, location: None, body: Vec::new() },
    };
    accepted(shop.run(&adjusting, adjust).await);
    let grant = GrantPoints {
        user,
        amount: krw(500),
        reason: "because Minji asked".into(),
        expires_at: shop.sources.now() + TimeDelta::days(1),
        mark: shop.mark(user),
    };
    let granting = GrantPointAccounts {
        sources: shop.sources.clone(),
        limits: PointLimits::default(),
        render: |_| jangteo_application::Answer { status: 201, location: None, body: Vec::new() },
    };
    accepted(shop.run(&granting, grant).await);
    let campaign = shop.campaign(shop.fixed_off(500, 9)).await;
    accepted(shop.claim(user, campaign).await);
    accepted(shop.place(user, &[(sticker, 1)]).await);
    let paid = accepted(shop.place(user, &[(mug, 2)]).await);
    let payment = accepted(shop.pay(user, paid.id).await);
    accepted(refund(&shop, user, payment.id, &[(paid.lines[0].id, 1)]).await);
    accepted(cancel_payment(&shop, user, payment.id).await);
    let cancelled = accepted(shop.place(user, &[(mug, 1)]).await);
    shop.cancel(user, cancelled.id).await.unwrap();
    accepted(shop.place(user, &[(mug, 1)]).await);
    shop.clock.advance(TimeDelta::minutes(30));
    assert_eq!(expire_due_orders(&shop.storage, &shop.sources).await.unwrap(), 1);
    shop.run(&DeleteAccounts { sources: shop.sources.clone() }, user).await.unwrap();
    shop
}

fn data(event: &Event) -> serde_json::Value {
    serde_json::from_str(event.data.as_str()).unwrap()
}

fn names(value: &serde_json::Value, into: &mut BTreeSet<String>) {
    match value {
        serde_json::Value::Object(fields) => {
            for (name, value) in fields {
                into.insert(name.clone());
                names(value, into);
            }
        }
        serde_json::Value::Array(values) => values.iter().for_each(|value| names(value, into)),
        _ => {}
    }
}

#[test]
fn the_document_names_every_kind_of_event_and_no_other() {
    let told: BTreeSet<String> = EventKind::ALL.iter().map(|kind| kind.name().to_owned()).collect();
    assert_eq!(told.len(), EventKind::ALL.len(), "two kinds share a name");
    assert_eq!(documented().into_keys().collect::<BTreeSet<_>>(), told);
}

#[tokio::test]
async fn the_document_names_every_field_and_no_other() {
    let documented = documented();
    let mut seen = BTreeSet::new();
    for event in busy_shop().await.storage.events() {
        let fields: BTreeSet<String> = data(&event).as_object().unwrap().keys().cloned().collect();
        assert_eq!(fields, documented[event.kind.name()], "{}", event.kind.name());
        seen.insert(event.kind);
    }
    assert_eq!(seen, EventKind::ALL.iter().copied().collect());
}

/// Neither by value, with people who have telling names, nor by the names of fields.
#[tokio::test]
async fn no_event_holds_personal_data() {
    for event in busy_shop().await.storage.events() {
        let told = Envelope::of(StoredEvent::from(&event)).to_json().to_string().to_lowercase();
        for personal in ["minji", "example.com", "@", "argon2", "counted"] {
            assert!(!told.contains(personal), "{personal} in {told}");
        }
        let mut fields = BTreeSet::new();
        names(&data(&event), &mut fields);
        for personal in ["email", "name", "phone", "password", "passwordHash", "reason", "address"] {
            assert!(!fields.contains(personal), "{personal} in {told}");
        }
    }
}

#[tokio::test]
async fn no_two_events_of_a_thing_share_a_version() {
    let mut versions = BTreeSet::new();
    for Event { kind, aggregate, subject, version, .. } in busy_shop().await.storage.events() {
        assert!(versions.insert((aggregate, subject, version)), "{kind:?} has version {version} again");
    }
}
