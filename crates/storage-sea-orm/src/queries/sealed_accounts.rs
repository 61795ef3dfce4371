//! Which keys accounts are sealed with (ADR-040).

use jangteo_shared_kernel::{StorageError, UserId};
use jangteo_user::{SealedAccount, SealedAccountQueries};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::SeaOrmStorage;
use crate::entity::sealed_users::{Column, Entity, Model};
use crate::rows;

impl SealedAccountQueries for SeaOrmStorage {
    async fn list_sealed_accounts(
        &self,
        after: Option<UserId>,
        most: u32,
    ) -> Result<Vec<SealedAccount>, StorageError> {
        // A deleted account has no address, sealed or not.
        let mut living = Entity::find()
            .filter(Column::EmailSealed.is_not_null())
            .order_by_asc(Column::Id)
            .limit(u64::from(most));
        if let Some(after) = after {
            living = living.filter(Column::Id.gt(after.as_uuid()));
        }
        let found: Vec<Model> = self.reader.all(&living).await?;
        found.iter().map(|row| rows::users::sealed_account(row, &*self.cipher)).collect()
    }
}
