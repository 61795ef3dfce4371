//! Products.

use jangteo_application::Answer;
use jangteo_product::{
    AdjustmentReason, CatalogueEdit, Description, InitialStock, NewProduct, Price, Product, ProductName,
    ProductStatus, StockAdjustment,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::values::bytes;
use super::{Instant, MoneyBody};
use crate::call::{Body, Terms, present};
use crate::problem::Faults;

/// A new product.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[schema(example = json!({ "name": "머그컵", "description": "A mug of 350 ml.", "price": { "amount": 12000, "currency": "KRW" }, "stock": 100 }))]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "an object")]
pub(crate) struct CreateProduct {
    /// 1 to 200 characters.
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// Up to 10,000 characters.
    #[schema(max_length = 10_000)]
    description: Option<String>,
    /// 0 to 10¹² minor units.
    price: MoneyBody,
    /// The units at hand, 0 to 10⁹.
    #[validate(range(min = 0, max = 1_000_000_000, message = "must be 0 to 1,000,000,000"))]
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    stock: i64,
    /// `ON_SALE` unless told.
    status: Option<ProductStatusBody>,
}

impl Body for CreateProduct {
    type Meaning = NewProduct;

    fn read(self, terms: Terms, faults: &mut Faults) -> Option<NewProduct> {
        let name: Option<ProductName> = faults.check("/name", self.name.parse());
        let description: Option<Description> =
            faults.check("/description", self.description.unwrap_or_default().parse());
        let price = price(&self.price, terms, faults);
        let stock = u32::try_from(self.stock).map_err(|_| "must be 0 to 1,000,000,000".to_owned());
        let stock = stock.and_then(|units| InitialStock::try_from(units).map_err(|error| error.to_string()));
        Some(NewProduct {
            name: name?,
            description: description?,
            price: price?,
            status: self.status.unwrap_or(ProductStatusBody::OnSale).into(),
            stock: faults.check("/stock", stock)?,
        })
    }
}

/// What changes of a product.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[schema(as = EditProduct, example = json!({ "price": { "amount": 9900, "currency": "KRW" } }))]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "an object")]
pub(crate) struct EditProductBody {
    /// 1 to 200 characters.
    #[serde(default, deserialize_with = "present")]
    #[schema(min_length = 1, max_length = 200, nullable = false)]
    name: Option<String>,
    /// Up to 10,000 characters.
    #[serde(default, deserialize_with = "present")]
    #[schema(max_length = 10_000, nullable = false)]
    description: Option<String>,
    /// 0 to 10¹² minor units. Orders that were placed keep theirs.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    price: Option<MoneyBody>,
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    status: Option<ProductStatusBody>,
}

impl Body for EditProductBody {
    type Meaning = CatalogueEdit;

    fn read(self, terms: Terms, faults: &mut Faults) -> Option<CatalogueEdit> {
        let Self { name, description, price: money, status } = self;
        if name.is_none() && description.is_none() && money.is_none() && status.is_none() {
            faults.add("", "names no field to change");
        }
        Some(CatalogueEdit {
            name: name.and_then(|name| faults.check("/name", name.parse())),
            description: description.and_then(|text| faults.check("/description", text.parse())),
            price: money.and_then(|money| price(&money, terms, faults)),
            status: status.map(Into::into),
        })
    }
}

fn price(money: &MoneyBody, terms: Terms, faults: &mut Faults) -> Option<Price> {
    let money = money.read("/price", terms, faults)?;
    faults.check("/price/amount", Price::try_from(money))
}

/// A correction of a stock.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[schema(example = json!({ "delta": 50, "reason": "delivery 2026-117" }))]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "an object")]
pub(crate) struct Adjustment {
    /// By how many units; not zero.
    delta: i64,
    /// 1 to 500 characters.
    #[schema(min_length = 1, max_length = 500)]
    reason: String,
}

impl Body for Adjustment {
    type Meaning = (i64, AdjustmentReason);

    fn read(self, _: Terms, faults: &mut Faults) -> Option<Self::Meaning> {
        if self.delta == 0 {
            faults.add("/delta", "must not be zero");
        }
        Some((self.delta, faults.check("/reason", self.reason.parse())?))
    }
}

/// Whether a product can be bought.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[schema(as = ProductStatus)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum ProductStatusBody {
    /// It can.
    OnSale,
    /// Not at the moment.
    Suspended,
    /// Never again.
    Discontinued,
}

impl From<ProductStatusBody> for ProductStatus {
    fn from(status: ProductStatusBody) -> Self {
        match status {
            ProductStatusBody::OnSale => Self::OnSale,
            ProductStatusBody::Suspended => Self::Suspended,
            ProductStatusBody::Discontinued => Self::Discontinued,
        }
    }
}

impl From<ProductStatus> for ProductStatusBody {
    fn from(status: ProductStatus) -> Self {
        match status {
            ProductStatus::OnSale => Self::OnSale,
            ProductStatus::Suspended => Self::Suspended,
            ProductStatus::Discontinued => Self::Discontinued,
        }
    }
}

/// A product.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Product)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProductBody {
    #[schema(format = Uuid)]
    id: String,
    name: String,
    description: String,
    price: MoneyBody,
    /// The units at hand.
    stock: u32,
    status: ProductStatusBody,
    created_at: Instant,
    /// When the catalogue entry last changed. Sales do not count.
    updated_at: Instant,
}

impl From<&Product> for ProductBody {
    fn from(product: &Product) -> Self {
        Self {
            id: product.id.to_string(),
            name: product.name.as_str().to_owned(),
            description: product.description.as_str().to_owned(),
            price: product.price.money().into(),
            stock: product.stock.get(),
            status: product.status.into(),
            created_at: product.created_at.into(),
            updated_at: product.updated_at.into(),
        }
    }
}

/// A correction of a stock, as it happened.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StockAdjustment)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AdjustmentBody {
    #[schema(format = Uuid)]
    id: String,
    #[schema(format = Uuid)]
    product_id: String,
    delta: i64,
    reason: String,
    /// The stock right after it.
    stock: u32,
    created_at: Instant,
}

/// The answer to an adjustment.
pub(crate) fn adjusted(adjustment: &StockAdjustment) -> Answer {
    let body = AdjustmentBody {
        id: adjustment.id.to_string(),
        product_id: adjustment.product.to_string(),
        delta: adjustment.delta,
        reason: adjustment.reason.as_str().to_owned(),
        stock: adjustment.stock.get(),
        created_at: adjustment.created_at.into(),
    };
    // An adjustment has no address of its own; what it changed has.
    let location = format!("/api/v1/products/{}", adjustment.product);
    Answer { status: 201, location: Some(location), body: bytes(&body) }
}
