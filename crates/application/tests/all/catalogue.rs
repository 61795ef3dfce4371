//! Creating, editing and adjusting products.

use std::collections::BTreeSet;

use jangteo_application::{
    AdjustStock, AdjustStockRefusal, AdjustStocks, Answer, EditProduct, EditProductRefusal, EditProducts,
    Verdict,
};
use jangteo_product::{AdjustRefusal, CatalogueEdit, ProductStatus};
use jangteo_shared_kernel::{ProductId, Quantity};

use crate::shop::{Shop, accepted, refused};

fn adjust_stocks(shop: &Shop) -> AdjustStocks {
    let render = |_: &_| Answer { status: 201, location: None, body: Vec::new() };
    AdjustStocks { sources: shop.sources.clone(), render }
}

async fn adjust(shop: &Shop, product: ProductId, delta: i64) -> Verdict<Quantity, AdjustStockRefusal> {
    let operator = shop.sources.id(shop.sources.now());
    let command =
        AdjustStock { product, delta, reason: "recount".parse().unwrap(), mark: shop.mark(operator) };
    match shop.run(&adjust_stocks(shop), command).await {
        Verdict::Accepted { outcome, answer } => Verdict::Accepted { outcome: outcome.stock, answer },
        Verdict::Refused(refusal) => Verdict::Refused(refusal),
        Verdict::Replayed(answer) => Verdict::Replayed(answer),
        Verdict::KeyReused => Verdict::KeyReused,
    }
}

#[tokio::test]
async fn stock_adds_up_from_its_adjustments() {
    let shop = Shop::new();
    let mug = shop.product(1_000, 5).await;
    assert_eq!(accepted(adjust(&shop, mug, 10).await).get(), 15);
    assert_eq!(accepted(adjust(&shop, mug, -3).await).get(), 12);
    let refusal = refused(adjust(&shop, mug, -13).await);
    assert!(matches!(refusal, AdjustStockRefusal::Adjust(AdjustRefusal::OutOfStock { .. })));
    let received: i64 = shop.storage.stock_adjustments(mug).iter().map(|adjustment| adjustment.delta).sum();
    assert_eq!((received, shop.stock(mug).await), (12, 12));
    let nothing = shop.sources.id(shop.sources.now());
    assert_eq!(refused(adjust(&shop, nothing, 1).await), AdjustStockRefusal::ProductNotFound);
}

#[tokio::test]
async fn a_sale_does_not_make_an_editors_work_stale_but_an_edit_does() {
    let shop = Shop::new();
    let (user, mug) = (shop.customer().await, shop.product(1_000, 5).await);
    let edits = EditProducts { sources: shop.sources.clone() };
    let seen = Some(BTreeSet::from([shop.read_product(mug).await.catalogue_version]));
    accepted(shop.place(user, &[(mug, 1)]).await);

    let edit = CatalogueEdit { status: Some(ProductStatus::Suspended), ..CatalogueEdit::default() };
    let command = EditProduct { product: mug, edit, expected: seen };
    let edited = shop.run(&edits, command.clone()).await.unwrap();
    assert_eq!((edited.status, edited.stock.get()), (ProductStatus::Suspended, 4));
    assert_eq!(shop.run(&edits, command).await, Err(EditProductRefusal::Stale));
    let missing = EditProduct {
        product: shop.sources.id(shop.sources.now()),
        edit: CatalogueEdit::default(),
        expected: None,
    };
    assert_eq!(shop.run(&edits, missing).await, Err(EditProductRefusal::ProductNotFound));
}
