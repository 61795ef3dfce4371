//! Sales and roll-ups inside a transaction.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use jangteo_ranking::{DailySales, ProductSales, RollUps, Sale, SalesKey, SalesRepository};
use jangteo_shared_kernel::{Currency, Money, ProductId, StorageError, Window};
use sea_orm::{EntityTrait, FromQueryResult, QueryOrder, QuerySelect};
use uuid::Uuid;

use crate::SeaOrmTransaction;
use crate::engine::Engine;
use crate::entity::{daily_sales, uncounted_sales};
use crate::error::{Place, not_all_saved};
use crate::rows;
use crate::set::{DeleteSet, InsertSet, SelectSet, UpdateSet};

static NOTE: InsertSet<uncounted_sales::Entity> = InsertSet::new();
static DELETE_COUNTED: DeleteSet<uncounted_sales::Entity> = DeleteSet::new();
static ROLL_UPS: SelectSet<daily_sales::Entity> =
    SelectSet::by(&[daily_sales::Column::Day, daily_sales::Column::ProductId, daily_sales::Column::Currency]);
static ROLL_UPS_OF_DAY: SelectSet<daily_sales::Entity> = SelectSet::by(&[daily_sales::Column::Day]);
static SAVE_ROLL_UPS: UpdateSet<daily_sales::Entity> =
    UpdateSet::setting(&[daily_sales::Column::Units, daily_sales::Column::RevenueAmount]);
static DELETE_ROLL_UPS: DeleteSet<daily_sales::Entity> = DeleteSet::new();
static INSERT_ROLL_UPS: InsertSet<daily_sales::Entity> = InsertSet::new();

/// A sum over sales.
#[derive(FromQueryResult)]
struct Sum {
    product_id: Uuid,
    currency: String,
    units: i64,
    revenue: i64,
}

/// Everything in one statement, which sees one moment on every engine and in every isolation level.
fn counted(engine: Engine) -> String {
    let [units, revenue] = ["units", "revenue"].map(|column| engine.dialect().sum(column));
    let within = |column: &str, n| {
        format!(
            "{column} >= {} AND {column} < {}",
            engine.dialect().parameter(n),
            engine.dialect().parameter(n + 1)
        )
    };
    let [paid, refunded, noted] = [within("o.paid_at", 1), within("r.paid_at", 3), within("sold_at", 5)];
    format!(
        "SELECT product_id, currency, {units} AS units, {revenue} AS revenue FROM (\
         SELECT l.product_id AS product_id, o.currency AS currency, l.quantity AS units, \
         l.gross_amount - l.discount_amount AS revenue \
         FROM orders o INNER JOIN order_lines l ON l.order_id = o.id WHERE {paid} \
         UNION ALL \
         SELECT i.product_id, r.currency, -i.quantity, -i.amount \
         FROM refunds r INNER JOIN refund_items i ON i.refund_id = r.id WHERE {refunded} \
         UNION ALL \
         SELECT product_id, currency, -units, -revenue_amount \
         FROM uncounted_sales WHERE {noted}\
         ) AS parts GROUP BY product_id, currency"
    )
}

impl SalesRepository for SeaOrmTransaction {
    async fn insert_uncounted_sales(&mut self, new: &[Sale]) -> Result<(), StorageError> {
        let new: Vec<_> = new.iter().map(rows::sales::sale_row).collect();
        self.lane.insert(&NOTE, &new).await
    }

    async fn list_uncounted_sales(&mut self, most: u32) -> Result<Vec<Sale>, StorageError> {
        let query = uncounted_sales::Entity::find()
            .order_by_asc(uncounted_sales::Column::NotedAt)
            .order_by_asc(uncounted_sales::Column::Id)
            .limit(u64::from(most));
        let found: Vec<uncounted_sales::Model> = self.lane.all(&query).await?;
        found.iter().map(rows::sales::sale).collect()
    }

    async fn delete_uncounted_sales(&mut self, counted: &[Sale]) -> Result<(), StorageError> {
        let keys = counted.iter().map(|sale| vec![sale.noted_at.into(), sale.id.as_uuid().into()]).collect();
        let gone = self.lane.delete(&DELETE_COUNTED, keys).await?;
        if u64::try_from(counted.len()) == Ok(gone) {
            return Ok(());
        }
        Err(not_all_saved("uncounted_sales", counted.len(), gone))
    }

    async fn find_roll_ups(&mut self, keys: &BTreeSet<SalesKey>) -> Result<RollUps, StorageError> {
        let keys = keys.iter().map(rows::sales::roll_up_key).collect();
        rows::sales::roll_ups(&self.lane.select(&ROLL_UPS, keys).await?)
    }

    async fn find_roll_ups_of(&mut self, day: NaiveDate) -> Result<RollUps, StorageError> {
        let keys = vec![vec![rows::sales::day(day).into()]];
        rows::sales::roll_ups(&self.lane.select(&ROLL_UPS_OF_DAY, keys).await?)
    }

    async fn save_roll_ups(&mut self, changed: &[DailySales]) -> Result<(), StorageError> {
        let changed: Vec<_> = changed.iter().map(rows::sales::roll_up_row).collect();
        self.lane.update(&SAVE_ROLL_UPS, &changed).await
    }

    async fn replace_roll_ups(
        &mut self,
        keys: &BTreeSet<SalesKey>,
        new: &[DailySales],
    ) -> Result<(), StorageError> {
        self.lane.delete(&DELETE_ROLL_UPS, keys.iter().map(rows::sales::roll_up_key).collect()).await?;
        let new: Vec<_> = new.iter().map(rows::sales::roll_up_row).collect();
        self.lane.insert(&INSERT_ROLL_UPS, &new).await
    }

    async fn sum_counted_sales(&mut self, sold: Window) -> Result<Vec<ProductSales>, StorageError> {
        let Window { from, until } = sold;
        let bounds = [from, until, from, until, from, until].map(Into::into).to_vec();
        let engine = self.lane.engine;
        let sums: Vec<Sum> = self.lane.models(engine.statement(&counted(engine), bounds)).await?;
        sums.iter().map(Sum::sales).collect()
    }
}

impl Sum {
    fn sales(&self) -> Result<ProductSales, StorageError> {
        let product = ProductId::from_uuid(self.product_id);
        let place = Place { table: "orders", id: &product };
        let currency: Currency = place.read("currency", self.currency.parse())?;
        Ok(ProductSales { product, units: self.units, revenue: Money::new(self.revenue, currency) })
    }
}
