//! Products: a catalogue row and a stock row.

use jangteo_product::{Product, StockAdjustment};
use jangteo_shared_kernel::{Money, ProductId, Quantity, StorageError};

use crate::entity::{product_stock, products, stock_adjustments};
use crate::error::Place;
use crate::names::Named;

pub(crate) fn catalogue_row(product: &Product) -> products::Model {
    let price = product.price.money();
    products::Model {
        id: product.id.as_uuid(),
        name: product.name.as_str().to_owned(),
        name_key: product.name.key().as_str().to_owned(),
        description: product.description.as_str().to_owned(),
        price_amount: price.amount(),
        currency: price.currency().into(),
        status: product.status.name().to_owned(),
        version: product.catalogue_version,
        created_at: product.created_at,
        updated_at: product.updated_at,
    }
}

pub(crate) fn stock_row(product: &Product) -> product_stock::Model {
    product_stock::Model {
        product_id: product.id.as_uuid(),
        quantity: product.stock.into(),
        version: product.stock_version,
    }
}

pub(crate) fn adjustment_row(adjustment: &StockAdjustment) -> stock_adjustments::Model {
    stock_adjustments::Model {
        id: adjustment.id.as_uuid(),
        product_id: adjustment.product.as_uuid(),
        delta: adjustment.delta,
        reason: adjustment.reason.as_str().to_owned(),
        stock: adjustment.stock.into(),
        created_at: adjustment.created_at,
    }
}

pub(crate) fn product(
    row: &products::Model,
    stock: Option<&product_stock::Model>,
) -> Result<Product, StorageError> {
    let id = ProductId::from_uuid(row.id);
    let place = Place { table: "products", id: &id };
    let stock_place = Place { table: "product_stock", id: &id };
    let stock = stock_place.present("product_id", stock)?;
    let price = Money::new(row.price_amount, place.read("currency", row.currency.parse())?);
    Ok(Product {
        id,
        name: place.read("name", row.name.parse())?,
        description: place.read("description", row.description.parse())?,
        price: place.read("price_amount", price.try_into())?,
        status: place.named("status", &row.status)?,
        catalogue_version: row.version,
        stock: stock_place.read("quantity", Quantity::try_from(stock.quantity))?,
        stock_version: stock.version,
        created_at: row.created_at,
        updated_at: row.updated_at,
    })
}
