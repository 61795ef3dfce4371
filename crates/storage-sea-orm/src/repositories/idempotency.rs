//! Stored answers inside a transaction.

use std::collections::{BTreeMap, BTreeSet};

use jangteo_application::{
    Answer, Fingerprint, IdempotencyKey, IdempotencyRecord, IdempotencyRepository, RecordKey, RequestMark,
};
use jangteo_shared_kernel::{StorageError, Timestamp, UserId};
use sea_orm::Value;

use crate::SeaOrmTransaction;
use crate::entity::idempotency_records;
use crate::entity::idempotency_records::Column;
use crate::error::Place;
use crate::set::{DeleteBefore, InsertSet, SelectSet};

/// Never locked: the domain rows are.
pub(crate) static FIND: SelectSet<idempotency_records::Entity> =
    SelectSet::by(&[Column::UserId, Column::IdempotencyKey]);
static INSERT: InsertSet<idempotency_records::Entity> = InsertSet::new();
static DELETE_BEFORE: DeleteBefore<idempotency_records::Entity> = DeleteBefore::by(Column::CreatedAt);

impl IdempotencyRepository for SeaOrmTransaction {
    async fn find_idempotency_records(
        &mut self,
        keys: &BTreeSet<RecordKey>,
    ) -> Result<BTreeMap<RecordKey, IdempotencyRecord>, StorageError> {
        by_key(self.lane.select(&FIND, keys.iter().map(key_values).collect()).await?)
    }

    async fn insert_idempotency_records(&mut self, new: &[IdempotencyRecord]) -> Result<(), StorageError> {
        let new = new.iter().map(row).collect::<Result<Vec<_>, _>>()?;
        self.lane.insert(&INSERT, &new).await
    }

    async fn delete_idempotency_records_before(
        &mut self,
        cutoff: Timestamp,
        most: u32,
    ) -> Result<u64, StorageError> {
        self.lane.delete_before(&DELETE_BEFORE, cutoff, most).await
    }
}

pub(crate) fn key_values((user, key): &RecordKey) -> Vec<Value> {
    vec![user.as_uuid().into(), key_bytes(key).into()]
}

fn key_bytes(key: &IdempotencyKey) -> Vec<u8> {
    key.as_str().as_bytes().to_vec()
}

fn row(record: &IdempotencyRecord) -> Result<idempotency_records::Model, StorageError> {
    let place = Place { table: "idempotency_records", id: &record.mark.user };
    Ok(idempotency_records::Model {
        user_id: record.mark.user.as_uuid(),
        idempotency_key: key_bytes(&record.mark.key),
        fingerprint: record.mark.fingerprint.0.to_vec(),
        status: place.read("status", record.answer.status.try_into())?,
        location: record.answer.location.clone(),
        body: record.answer.body.clone(),
        created_at: record.created_at,
    })
}

pub(crate) fn by_key(
    rows: Vec<idempotency_records::Model>,
) -> Result<BTreeMap<RecordKey, IdempotencyRecord>, StorageError> {
    let records = rows.into_iter().map(|row| {
        let record = record(row)?;
        Ok(((record.mark.user, record.mark.key.clone()), record))
    });
    records.collect()
}

fn record(row: idempotency_records::Model) -> Result<IdempotencyRecord, StorageError> {
    let user = UserId::from_uuid(row.user_id);
    let place = Place { table: "idempotency_records", id: &user };
    let key = place.read("idempotency_key", String::from_utf8(row.idempotency_key))?;
    let fingerprint = <[u8; 32]>::try_from(row.fingerprint).map_err(|_| "it is not 32 bytes long");
    Ok(IdempotencyRecord {
        mark: RequestMark {
            user,
            key: place.read("idempotency_key", key.parse())?,
            fingerprint: Fingerprint(place.read("fingerprint", fingerprint)?),
        },
        answer: Answer {
            status: place.read("status", row.status.try_into())?,
            location: row.location,
            body: row.body,
        },
        created_at: row.created_at,
    })
}
