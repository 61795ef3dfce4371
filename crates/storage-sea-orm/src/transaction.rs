//! The open transaction. It is the repositories (ADR-024): each module of [`crate::repositories`] implements the
//! traits of one context for it.

use std::fmt;
use std::sync::Arc;

use jangteo_product::Product;
use jangteo_shared_kernel::{StorageError, Transaction};
use jangteo_user::FieldCipher;
use sea_orm::DatabaseTransaction;

use crate::lane::Lane;
use crate::options::{WrittenProducts, WrittenProductsHook};

/// An open transaction on SeaORM. Dropping it rolls it back.
pub struct SeaOrmTransaction {
    pub(crate) lane: Lane<DatabaseTransaction>,
    pub(crate) cipher: Arc<dyn FieldCipher>,
    pub(crate) written_products: WrittenProducts,
    pub(crate) on_written_products: Option<WrittenProductsHook>,
}

impl SeaOrmTransaction {
    /// Notes that products are written, for whoever is to be told when it is committed. `catalogue`: more than stock.
    pub(crate) fn note_written(&mut self, products: &[Product], catalogue: bool) {
        if self.on_written_products.is_some() {
            self.written_products.ids.extend(products.iter().map(|product| product.id));
            self.written_products.catalogue |= catalogue && !products.is_empty();
        }
    }
}

impl Transaction for SeaOrmTransaction {
    async fn commit(self) -> Result<(), StorageError> {
        let Lane { connection, engine, .. } = self.lane;
        // A commit that fails leaves the transaction open; SeaORM rolls it back as it drops it.
        let outcome = connection.commit().await.map_err(|error| engine.error(error));
        if let Some(hook) = self.on_written_products.filter(|_| !self.written_products.ids.is_empty()) {
            hook(&self.written_products);
        }
        outcome
    }

    async fn rollback(self) -> Result<(), StorageError> {
        let Lane { connection, engine, .. } = self.lane;
        connection.rollback().await.map_err(|error| engine.error(error))
    }
}

impl fmt::Debug for SeaOrmTransaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SeaOrmTransaction").field("engine", &self.lane.engine).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use jangteo_shared_kernel::UnitOfWork;
    use jangteo_user::{CipherError, Email, EmailLookup, FieldPlace};
    use sea_orm::ConnectionTrait;

    use super::*;
    use crate::{SeaOrmStorage, StorageOptions};

    struct NoPeople;

    impl FieldCipher for NoPeople {
        fn seal(&self, _: FieldPlace, _: &str) -> Result<Vec<u8>, CipherError> {
            Err(CipherError)
        }

        fn open(&self, _: FieldPlace, _: &[u8]) -> Result<String, CipherError> {
            Err(CipherError)
        }

        fn key_of(&self, _: &[u8]) -> Result<u32, CipherError> {
            Err(CipherError)
        }

        fn email_lookup(&self, _: &Email) -> EmailLookup {
            EmailLookup([0; 32])
        }
    }

    #[tokio::test]
    async fn a_commit_that_fails_is_rolled_back_and_frees_the_writer() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("shop.db").display());
        let storage = SeaOrmStorage::connect(&StorageOptions::new(url), Arc::new(NoPeople)).await.unwrap();
        storage.migrate().await.unwrap();
        for _ in 0..3 {
            let tx = storage.begin().await.unwrap();
            let db = &tx.lane.connection;
            // The check of the foreign key is put off until the commit, which it then fails.
            db.execute_unprepared("PRAGMA defer_foreign_keys = ON").await.unwrap();
            db.execute_unprepared("INSERT INTO product_stock VALUES (x'01', 1, 1)").await.unwrap();
            assert!(matches!(tx.commit().await, Err(StorageError::Fatal(_))));
        }
        let tx = storage.begin().await.unwrap();
        let found = tx.lane.connection.query_all_raw(sea_orm::Statement::from_string(
            tx.lane.engine.dialect().backend(),
            "SELECT 1 FROM product_stock",
        ));
        assert_eq!(found.await.unwrap().len(), 0);
    }
}
