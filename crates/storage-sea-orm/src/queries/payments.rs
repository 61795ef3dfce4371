//! Payments outside transactions.

use jangteo_payment::{Payment, PaymentQueries};
use jangteo_shared_kernel::{OrderId, PaymentId, StorageError};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, Select};

use crate::SeaOrmStorage;
use crate::entity::{payment_events, payment_shares, payment_summaries, payment_tenders, payments};
use crate::rows::payments::PaymentRows;
use crate::set::SelectSet;

static TENDERS_OF: SelectSet<payment_tenders::Entity> = SelectSet::by(&[payment_tenders::Column::PaymentId]);
static SHARES_OF: SelectSet<payment_shares::Entity> = SelectSet::by(&[payment_shares::Column::PaymentId]);
static EVENTS_OF: SelectSet<payment_events::Entity> = SelectSet::by(&[payment_events::Column::PaymentId]);
static SUMMARIES_OF: SelectSet<payment_summaries::Entity> =
    SelectSet::by(&[payment_summaries::Column::PaymentId]);

impl SeaOrmStorage {
    /// The payments of a query with all that belongs to them: five statements, one moment.
    async fn payments(&self, query: &Select<payments::Entity>) -> Result<Vec<Payment>, StorageError> {
        let reading = self.one_moment().await?;
        let headers: Vec<payments::Model> = reading.all(query).await?;
        let keys: Vec<Vec<sea_orm::Value>> = headers.iter().map(|header| vec![header.id.into()]).collect();
        let rows = PaymentRows {
            tenders: reading.select(&TENDERS_OF, keys.clone()).await?,
            shares: reading.select(&SHARES_OF, keys.clone()).await?,
            events: reading.select(&EVENTS_OF, keys.clone()).await?,
            summaries: reading.select(&SUMMARIES_OF, keys).await?,
            headers,
        };
        reading.finish().await?;
        rows.payments()
    }
}

impl PaymentQueries for SeaOrmStorage {
    async fn find_payment(&self, id: PaymentId) -> Result<Option<Payment>, StorageError> {
        Ok(self.payments(&payments::Entity::find_by_id(id.as_uuid())).await?.pop())
    }

    async fn payments_of_order(&self, order: OrderId) -> Result<Vec<Payment>, StorageError> {
        let query = payments::Entity::find()
            .filter(payments::Column::OrderId.eq(order.as_uuid()))
            .order_by_desc(payments::Column::CreatedAt)
            .order_by_desc(payments::Column::Id);
        self.payments(&query).await
    }
}
