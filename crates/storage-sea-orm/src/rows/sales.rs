//! Sales and roll-ups.

use chrono::NaiveDate;
use jangteo_ranking::{DailySales, RollUps, Sale, SaleId, SalesKey};
use jangteo_shared_kernel::{Money, ProductId, StorageError};
use sea_orm::Value;

use crate::entity::{daily_sales, uncounted_sales};
use crate::error::Place;

/// A business day as the tables have it.
pub(crate) fn day(day: NaiveDate) -> String {
    day.to_string()
}

pub(crate) fn sale_row(sale: &Sale) -> uncounted_sales::Model {
    uncounted_sales::Model {
        noted_at: sale.noted_at,
        id: sale.id.as_uuid(),
        product_id: sale.product.as_uuid(),
        units: sale.units,
        revenue_amount: sale.revenue.amount(),
        currency: sale.revenue.currency().into(),
        sold_at: sale.sold_at,
    }
}

pub(crate) fn sale(row: &uncounted_sales::Model) -> Result<Sale, StorageError> {
    let id = SaleId::from_uuid(row.id);
    let place = Place { table: "uncounted_sales", id: &id };
    Ok(Sale {
        id,
        noted_at: row.noted_at,
        product: ProductId::from_uuid(row.product_id),
        units: row.units,
        revenue: Money::new(row.revenue_amount, place.read("currency", row.currency.parse())?),
        sold_at: row.sold_at,
    })
}

pub(crate) fn roll_up_row(sales: &DailySales) -> daily_sales::Model {
    daily_sales::Model {
        day: day(sales.day),
        product_id: sales.product.as_uuid(),
        currency: sales.revenue.currency().into(),
        units: sales.units,
        revenue_amount: sales.revenue.amount(),
    }
}

/// The key of a roll-up, in the order of its columns.
pub(crate) fn roll_up_key(key: &SalesKey) -> Vec<Value> {
    vec![day(key.day).into(), key.product.as_uuid().into(), String::from(key.currency).into()]
}

pub(crate) fn roll_ups(rows: &[daily_sales::Model]) -> Result<RollUps, StorageError> {
    rows.iter().map(|row| roll_up(row).map(|sales| (sales.key(), sales))).collect()
}

fn roll_up(row: &daily_sales::Model) -> Result<DailySales, StorageError> {
    let product = ProductId::from_uuid(row.product_id);
    let place = Place { table: "daily_sales", id: &product };
    Ok(DailySales {
        day: place.read("day", row.day.parse())?,
        product,
        units: row.units,
        revenue: Money::new(row.revenue_amount, place.read("currency", row.currency.parse())?),
    })
}
