//! The catalogue and its stock.

use std::cmp::Reverse;
use std::slice::from_ref;

use chrono::TimeDelta;
use jangteo_product::{
    CatalogueEdit, NameKey, Price, Product, ProductFilter, ProductList, ProductPosition, ProductSort,
    ProductStatus, StockAdjustment,
};
use jangteo_shared_kernel::{Money, PageRequest, ProductId};

use crate::fixtures::{instant, krw, price, units};
use crate::prelude::*;
use crate::support::{
    add_products, assert_lost_race, assert_waits, begin, commit, every_page, finish, first_page, ids, outcome,
};
use crate::{Fixtures, Storage};

const SORTS: [ProductSort; 4] =
    [ProductSort::Newest, ProductSort::PriceAscending, ProductSort::PriceDescending, ProductSort::Name];

async fn list<S: Storage>(
    storage: &S,
    filter: &ProductFilter,
    sort: ProductSort,
    limit: u16,
) -> Vec<Product> {
    every_page(limit, |page: PageRequest<ProductPosition>| {
        let list = ProductList { filter: filter.clone(), sort, page };
        async move { storage.list_products(&list).await }
    })
    .await
}

fn all_of(status: ProductStatus) -> ProductFilter {
    ProductFilter { name_prefix: None, status }
}

/// The order that the contract asks for.
fn sorted(mut products: Vec<Product>, sort: ProductSort) -> Vec<Product> {
    let amount = |product: &Product| product.price.money().amount();
    match sort {
        ProductSort::Newest => products.sort_by_key(|product| Reverse((product.created_at, product.id))),
        ProductSort::PriceAscending => products.sort_by_key(|product| (amount(product), product.id)),
        ProductSort::PriceDescending => {
            products.sort_by_key(|product| (Reverse(amount(product)), product.id));
        }
        ProductSort::Name => {
            products.sort_by_key(|product| (product.name.key().as_str().to_owned(), product.id));
        }
    }
    products
}

fn named(fixtures: &Fixtures, name: &str) -> Product {
    Product { name: name.parse().unwrap(), ..fixtures.product() }
}

pub(crate) async fn a_product_reads_back_as_it_was_written<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(40);
    let mut products: Vec<Product> = (0..14).map(|_| fixtures.product()).collect();
    products[0].price = price(krw(0));
    products[1].price = price(krw(Price::MAX_AMOUNT));
    products[2].price = price(Money::new(199, "USD".parse().unwrap()));
    products[3].stock = units(0);
    products[4].stock = units(4_000_000_000);
    products[5].name = "🧦".repeat(200).parse().unwrap();
    products[6].name = "'; DROP TABLE products; --\"\\%_".parse().unwrap();
    products[7].description = "🧦".repeat(10_000).parse().unwrap();
    products[8].description = "줄\n바꿈\r\n\t탭 \\n \u{fffd} \u{10ffff}\n".parse().unwrap();
    products[9].description = "".parse().unwrap();
    products[10].status = ProductStatus::Suspended;
    products[11].status = ProductStatus::Discontinued;
    products[12].created_at = instant("1970-01-01T00:00:00.001Z");
    products[12].updated_at = instant("2026-11-22T14:59:59.999Z");
    products[13].catalogue_version = i64::MAX;
    products[13].stock_version = i64::MAX;
    add_products(&storage, &products).await;

    for product in &products {
        assert_eq!(storage.find_product(product.id).await.unwrap().as_ref(), Some(product));
    }
    let mut tx = begin(&storage).await;
    let locked = tx.lock_products(&products.iter().map(|product| product.id).collect()).await.unwrap();
    assert_eq!(locked, products.into_iter().map(|product| (product.id, product)).collect());
}

pub(crate) async fn leaves_out_unknown_products<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(41);
    let known = fixtures.product();
    add_products(&storage, from_ref(&known)).await;
    assert_eq!(storage.find_product(fixtures.id()).await.unwrap(), None);
    let mut tx = begin(&storage).await;
    let locked = tx.lock_products(&ids([fixtures.id(), known.id, fixtures.id()])).await.unwrap();
    assert!(locked.into_keys().eq([known.id]));
    assert!(tx.lock_products(&ids([fixtures.id()])).await.unwrap().is_empty());
}

pub(crate) async fn refuses_a_second_product_under_an_id<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(42);
    let product = fixtures.product();
    add_products(&storage, from_ref(&product)).await;
    let mut tx = begin(&storage).await;
    assert_lost_race(
        &tx.insert_products(&[fixtures.product(), Product { id: product.id, ..fixtures.product() }]).await,
    );
    tx.rollback().await.unwrap();
    assert_eq!(storage.find_product(product.id).await.unwrap(), Some(product));
}

pub(crate) async fn saving_the_catalogue_leaves_the_stock_alone_and_the_reverse<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(43);
    let products: Vec<Product> = (0..20).map(|_| fixtures.product()).collect();
    add_products(&storage, &products).await;
    let all = products.iter().map(|product| product.id).collect();
    // Everything about them is new, also what must not be saved.
    let changed: Vec<Product> = products
        .iter()
        .map(|product| {
            let mut product = product.clone();
            let edit = CatalogueEdit {
                name: Some("바뀐 이름 🧣".parse().unwrap()),
                description: Some("changed\n".repeat(1_000).parse().unwrap()),
                price: Some(price(krw(product.price.money().amount() + 1))),
                status: Some(ProductStatus::Discontinued),
            };
            product.edit(edit, fixtures.in_millis(1_001));
            product.put_back(units(3));
            product
        })
        .collect();

    commit!(storage, tx => tx.lock_products(&all); tx.save_catalogue(&changed[..10]));
    for (before, after) in products.iter().zip(&changed[..10]) {
        let expected = Product { stock: before.stock, stock_version: before.stock_version, ..after.clone() };
        assert_eq!(storage.find_product(before.id).await.unwrap(), Some(expected));
    }
    commit!(storage, tx => tx.lock_products(&all); tx.save_stock(&changed[10..]));
    for (before, after) in products.iter().zip(&changed).skip(10) {
        let expected = Product { stock: after.stock, stock_version: after.stock_version, ..before.clone() };
        assert_eq!(storage.find_product(before.id).await.unwrap(), Some(expected));
    }
    commit!(storage, tx => tx.lock_products(&all); tx.save_stock(&changed); tx.save_catalogue(&changed));
    for product in &changed {
        assert_eq!(storage.find_product(product.id).await.unwrap().as_ref(), Some(product));
    }
}

pub(crate) async fn a_renamed_product_is_listed_under_its_new_name<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(44);
    let mut product = named(&fixtures, "Zebra");
    add_products(&storage, &[product.clone(), named(&fixtures, "Mole")]).await;
    product.edit(
        CatalogueEdit { name: Some("Ant".parse().unwrap()), ..CatalogueEdit::default() },
        fixtures.now(),
    );
    commit!(storage, tx => tx.lock_products(&ids([product.id])); tx.save_catalogue(from_ref(&product)));
    let names: Vec<String> = list(&storage, &all_of(ProductStatus::OnSale), ProductSort::Name, 10)
        .await
        .iter()
        .map(|product| product.name.to_string())
        .collect();
    assert_eq!(names, ["Ant", "Mole"]);
    let found =
        |prefix| ProductFilter { name_prefix: Some(NameKey::of(prefix)), status: ProductStatus::OnSale };
    assert_eq!(list(&storage, &found("ant"), ProductSort::Newest, 10).await, [product]);
    assert!(list(&storage, &found("zeb"), ProductSort::Newest, 10).await.is_empty());
}

pub(crate) async fn takes_adjustments_and_refuses_a_second_under_an_id<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(45);
    let mut product = Product { stock: units(10), ..fixtures.product() };
    add_products(&storage, from_ref(&product)).await;
    let first = product.initial_adjustment(fixtures.id());
    let down = fixtures.adjustment(&mut product, -10);
    let up = fixtures.adjustment(&mut product, 1_000_000_000);
    let adjustments = [first, down, StockAdjustment { reason: "가".repeat(500).parse().unwrap(), ..up }];
    commit!(storage, tx =>
        tx.lock_products(&ids([product.id]));
        tx.save_stock(from_ref(&product));
        tx.insert_stock_adjustments(&adjustments)
    );
    let mut tx = begin(&storage).await;
    let inserted = tx.insert_stock_adjustments(&adjustments[1..2]).await;
    assert_lost_race(&finish(tx, inserted).await);
}

pub(crate) async fn a_lock_on_a_product_waits_and_sees_what_was_committed<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(46);
    let mut products: Vec<Product> = (0..3).map(|_| fixtures.product()).collect();
    products.sort_by_key(|product| product.id);
    add_products(&storage, &products).await;
    let mut tx = begin(&storage).await;
    let mut mine = tx.lock_products(&ids([products[1].id])).await.unwrap().remove(&products[1].id).unwrap();
    let all: std::collections::BTreeSet<ProductId> = products.iter().map(|product| product.id).collect();
    let mut waiting = tokio::spawn({
        let (storage, all) = (storage.clone(), all.clone());
        async move {
            let mut tx = begin(&storage).await;
            tx.lock_products(&all).await.unwrap()
        }
    });
    assert_waits(&mut waiting).await;
    mine.edit(
        CatalogueEdit { status: Some(ProductStatus::Suspended), ..CatalogueEdit::default() },
        fixtures.now(),
    );
    mine.put_back(units(1));
    tx.save_stock(from_ref(&mine)).await.unwrap();
    tx.save_catalogue(from_ref(&mine)).await.unwrap();
    tx.commit().await.unwrap();
    products[1] = mine;
    assert!(outcome(waiting).await.into_values().eq(products));
}

pub(crate) async fn a_locked_product_can_be_locked_again<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(47);
    let product = fixtures.product();
    add_products(&storage, from_ref(&product)).await;
    let mut tx = begin(&storage).await;
    let mut mine = tx.lock_products(&ids([product.id])).await.unwrap().remove(&product.id).unwrap();
    mine.put_back(units(2));
    tx.save_stock(from_ref(&mine)).await.unwrap();
    assert_eq!(tx.lock_products(&ids([product.id])).await.unwrap()[&product.id], mine);
    tx.commit().await.unwrap();
}

/// A row that was read before somebody else changed it is not what a lock gives.
pub(crate) async fn a_lock_reads_again_what_was_read_before<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(48);
    let mut product = fixtures.product();
    add_products(&storage, from_ref(&product)).await;
    for _ in 0..10 {
        let seen = storage.find_product(product.id).await.unwrap();
        assert_eq!(seen.as_ref(), Some(&product));
        product.put_back(units(1));
        commit!(storage, tx => tx.lock_products(&ids([product.id])); tx.save_stock(from_ref(&product)));
        let mut tx = begin(&storage).await;
        assert_eq!(tx.lock_products(&ids([product.id])).await.unwrap()[&product.id], product);
        tx.rollback().await.unwrap();
    }
}

pub(crate) async fn lists_products_in_every_order_and_each_once<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(49);
    let names = [
        "머그컵",
        "mug",
        "Mug",
        "Éclair",
        "éclair",
        "zebra",
        "Zoo",
        "가방",
        "힣",
        "100%",
        "🧦",
        "A",
        "a b",
        "ab",
    ];
    let products: Vec<Product> = (0..80)
        .map(|_| Product {
            name: fixtures.one_of(&names).parse().unwrap(),
            price: price(krw(fixtures.one_of(&[0, 1, 999, 1_000, 10_000, Price::MAX_AMOUNT]))),
            status: fixtures.one_of(&[
                ProductStatus::OnSale,
                ProductStatus::OnSale,
                ProductStatus::Suspended,
            ]),
            created_at: fixtures.in_millis(i64::from(fixtures.below(6)) * 400),
            ..fixtures.product()
        })
        .collect();
    add_products(&storage, &products).await;

    for status in [ProductStatus::OnSale, ProductStatus::Suspended, ProductStatus::Discontinued] {
        let shown: Vec<Product> =
            products.iter().filter(|product| product.status == status).cloned().collect();
        for sort in SORTS {
            let expected = sorted(shown.clone(), sort);
            for limit in [1, 7, 100] {
                let listed = list(&storage, &all_of(status), sort, limit).await;
                assert_eq!(listed, expected, "{status:?} by {sort:?} in pages of {limit}");
            }
        }
    }
}

/// Names that are easily taken for each other, or for a pattern.
const NAMES: &[&str] = &[
    "머그컵",
    "머그",
    "머리끈",
    "\u{1106}\u{1165}\u{1100}\u{1173} 분해",
    "Mug",
    "MUG two",
    "mugs",
    "mu",
    "Muffin",
    "100%",
    "100% cotton",
    "1000",
    "100_cotton",
    "a_b",
    "aXb",
    "a%b",
    "a\\b",
    "a'b",
    "a\"b",
    "Straße",
    "STRASSE",
    "İstanbul",
    "Σίσυφος",
    "\u{d7ff}",
    "\u{d7ff}x",
    "\u{e000}",
    "\u{10ffff}",
    "\u{10ffff}\u{10ffff}",
    "\u{10ffff}a",
    "🧦 양말",
    "🧤",
    "[a-z]",
    "a*b",
    "a?b",
    "ab",
];

/// What names are looked for by.
const PREFIXES: &[&str] = &[
    "",
    "머",
    "머그",
    "머그컵",
    "머그컵 ",
    "머ㄱ",
    "\u{1106}\u{1165}\u{1100}\u{1173}",
    "m",
    "M",
    "mu",
    "mug",
    "MUG",
    "Mug ",
    "mug t",
    "mugsx",
    "1",
    "100",
    "100%",
    "100_",
    "%",
    "_",
    "a_",
    "a%",
    "a\\",
    "a'",
    "a\"",
    "\\",
    "'",
    "stras",
    "straß",
    "i",
    "İ",
    "σ",
    "Σ",
    "\u{d7ff}",
    "\u{10ffff}",
    "\u{10ffff}\u{10ffff}",
    "🧦",
    "🧤",
    "🧥",
    "[",
    "[a-z]",
    "a*",
    "a?",
    "*",
    "nothing begins like this",
];

pub(crate) async fn finds_products_by_the_beginning_of_their_name<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(50);

    let products: Vec<Product> = NAMES.iter().map(|name| named(&fixtures, name)).collect();
    let hidden = Product { status: ProductStatus::Suspended, ..named(&fixtures, "Mug hidden") };
    add_products(&storage, &products).await;
    add_products(&storage, from_ref(&hidden)).await;

    for prefix in PREFIXES {
        let key = NameKey::of(prefix);
        let begins = |product: &&Product| product.name.key().as_str().starts_with(key.as_str());
        let shown: Vec<Product> = products.iter().filter(begins).cloned().collect();
        let filter = ProductFilter { name_prefix: Some(key.clone()), status: ProductStatus::OnSale };
        for sort in SORTS {
            let listed = list(&storage, &filter, sort, 3).await;
            assert_eq!(listed, sorted(shown.clone(), sort), "{prefix:?} by {sort:?}");
        }
    }
}

pub(crate) async fn a_position_of_another_order_is_the_start_of_the_list<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(51);
    let products: Vec<Product> = (0..5).map(|_| fixtures.product()).collect();
    add_products(&storage, &products).await;
    for sort in SORTS {
        for other in SORTS {
            let (position, own) = (other.position(&products[2]), sort.position(&products[2]));
            if std::mem::discriminant(&position) == std::mem::discriminant(&own) {
                continue;
            }
            let page = PageRequest { after: Some(position), ..first_page(10) };
            let list = ProductList { filter: all_of(ProductStatus::OnSale), sort, page };
            let page = storage.list_products(&list).await.unwrap();
            assert_eq!(page.items, sorted(products.clone(), sort), "{sort:?} from a position by {other:?}");
            assert_eq!(page.next, None);
        }
    }
}

/// A position is a place, not a product: it holds when the product there has gone elsewhere.
pub(crate) async fn a_page_begins_where_the_last_one_ended_whatever_became_of_the_product<S: Storage>(
    storage: S,
) {
    let fixtures = Fixtures::seeded(52);
    let made = |n: i64| Product {
        price: price(krw(n * 10)),
        created_at: fixtures.now() + TimeDelta::seconds(n),
        name: format!("product {n:03}").parse().unwrap(),
        ..fixtures.product()
    };
    let products: Vec<Product> = (1..=6).map(made).collect();
    add_products(&storage, &products).await;
    for sort in SORTS {
        let expected = sorted(products.clone(), sort);
        let list = |page| ProductList { filter: all_of(ProductStatus::OnSale), sort, page };
        let first = storage.list_products(&list(first_page(3))).await.unwrap();
        assert_eq!(
            (&first.items[..], first.next.clone()),
            (&expected[..3], Some(sort.position(&expected[2])))
        );

        let mut edge = expected[2].clone();
        edge.status = ProductStatus::Suspended;
        commit!(storage, tx => tx.lock_products(&ids([edge.id])); tx.save_catalogue(from_ref(&edge)));
        let second =
            storage.list_products(&list(PageRequest { after: first.next, ..first_page(3) })).await.unwrap();
        assert_eq!((&second.items[..], second.next), (&expected[3..], None), "by {sort:?}");
        commit!(storage, tx => tx.lock_products(&ids([edge.id])); tx.save_catalogue(&expected[2..3]));
    }
}
