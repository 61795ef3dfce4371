//! Popular products: roll-ups and the catalogue.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use jangteo_application::{PopularProduct, Popularity, PopularityQueries};
use jangteo_ranking::ProductSales;
use jangteo_shared_kernel::{Currency, Limit, Money, ProductId, StorageError, Timestamp};
use sea_orm::{DatabaseTransaction, EntityTrait, FromQueryResult, QueryOrder, QuerySelect, Value};
use uuid::Uuid;

use crate::SeaOrmStorage;
use crate::engine::Engine;
use crate::entity::uncounted_sales;
use crate::error::Place;
use crate::lane::Lane;
use crate::rows;

/// A product with what it sold, and with what the catalogue says of it.
#[derive(FromQueryResult)]
struct Row {
    product_id: Uuid,
    units: i64,
    revenue: i64,
    name: String,
    price_amount: i64,
    price_currency: String,
    stock: i64,
}

/// The roll-ups of the days, which are ranges of their primary key, summed by product; then the products, each found by
/// its id. `CROSS JOIN` keeps SQLite from beginning with the whole catalogue; to the others it is a join like any other.
fn text(engine: Engine, days: usize) -> String {
    let dialect = engine.dialect();
    let [units, revenue] = ["units", "revenue_amount"].map(|column| dialect.sum(column));
    let parameters: Vec<String> = (1..=days).map(|n| dialect.parameter(n)).collect();
    let (currency, most) = (dialect.parameter(days + 1), dialect.parameter(days + 2));
    format!(
        "SELECT r.product_id, r.units, r.revenue, \
         p.name AS name, p.price_amount AS price_amount, p.currency AS price_currency, s.quantity AS stock \
         FROM (SELECT product_id, {units} AS units, {revenue} AS revenue FROM daily_sales \
         WHERE day IN ({}) AND currency = {currency} GROUP BY product_id HAVING {units} > 0) AS r \
         CROSS JOIN products p CROSS JOIN product_stock s \
         WHERE p.id = r.product_id AND s.product_id = r.product_id AND p.status = 'ON_SALE' \
         ORDER BY r.units DESC, r.revenue DESC, r.product_id ASC LIMIT {most}",
        parameters.join(", ")
    )
}

impl PopularityQueries for SeaOrmStorage {
    async fn popular_products(
        &self,
        days: &BTreeSet<NaiveDate>,
        currency: Currency,
        most: Limit,
        now: Timestamp,
    ) -> Result<Popularity, StorageError> {
        let reading = self.one_moment().await?;
        let oldest = uncounted_sales::Entity::find()
            .order_by_asc(uncounted_sales::Column::NotedAt)
            .order_by_asc(uncounted_sales::Column::Id)
            .limit(1);
        let oldest: Option<uncounted_sales::Model> = reading.one(&oldest).await?;
        let products = popular(&reading, days, currency, most).await?;
        reading.finish().await?;
        Ok(Popularity { as_of: oldest.map_or(now, |sale| sale.noted_at.min(now)), products })
    }
}

async fn popular(
    reading: &Lane<DatabaseTransaction>,
    days: &BTreeSet<NaiveDate>,
    currency: Currency,
    most: Limit,
) -> Result<Vec<PopularProduct>, StorageError> {
    // A day that the zone has skipped: nothing was sold on it, and no engine likes an empty list.
    if days.is_empty() {
        return Ok(Vec::new());
    }
    let mut parameters: Vec<Value> = days.iter().map(|day| rows::sales::day(*day).into()).collect();
    parameters.extend([String::from(currency).into(), i64::from(most.get()).into()]);
    let statement = reading.engine.statement(&text(reading.engine, days.len()), parameters);
    let found: Vec<Row> = reading.models(statement).await?;
    found.iter().map(|row| row.popular(currency)).collect()
}

impl Row {
    fn popular(&self, currency: Currency) -> Result<PopularProduct, StorageError> {
        let product = ProductId::from_uuid(self.product_id);
        let place = Place { table: "products", id: &product };
        let price = Money::new(self.price_amount, place.read("currency", self.price_currency.parse())?);
        Ok(PopularProduct {
            sales: ProductSales { product, units: self.units, revenue: Money::new(self.revenue, currency) },
            name: place.read("name", self.name.parse())?,
            price: place.read("price_amount", price.try_into())?,
            sold_out: self.stock == 0,
        })
    }
}
