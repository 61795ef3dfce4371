//! Thousands of people, written into the database set by set: signing them up over HTTP would hash a password for each.

use std::sync::Arc;

use chrono::TimeDelta;
use jangteo_point::{PointAccount, PointRepository as _};
use jangteo_security::{Hs256Tokens, SealedFields, ServiceKeys, SystemClock, SystemEntropy};
use jangteo_shared_kernel::{Clock as _, Currency, StorageError, atomically};
use jangteo_storage_conformance::Fixtures;
use jangteo_storage_sea_orm::{SeaOrmStorage, SeaOrmTransaction, StorageOptions};
use jangteo_user::{
    AccessClaims, AccessTokens as _, RefreshFamily, RefreshFamilyRepository as _, Role, User,
    UserRepository as _,
};

use crate::support::Server;

/// How many are written by one transaction.
const SET: usize = 5_000;

impl Server {
    /// Access tokens of so many new customers, all of them logged in.
    pub(crate) async fn crowd(&self, size: usize) -> Vec<String> {
        let keys = ServiceKeys::load(&self.key_file()).expect("the server has keys");
        let options = StorageOptions::new(self.database_url());
        let cipher = Arc::new(SealedFields::new(&keys.fields, Arc::new(SystemEntropy)));
        let storage = SeaOrmStorage::connect(&options, cipher).await.expect("the server has a database");

        let fixtures = Fixtures::seeded(19);
        fixtures.clock.set(SystemClock.now());
        let users: Vec<User> = (0..size).map(|_| fixtures.user()).collect();
        let families: Vec<RefreshFamily> =
            users.iter().map(|user| fixtures.refresh_family(user.id)).collect();
        for (users, families) in users.chunks(SET).zip(families.chunks(SET)) {
            let accounts: Vec<PointAccount> =
                users.iter().map(|user| PointAccount::open(user.id, Currency::KRW)).collect();
            let written = atomically(&storage, async |tx: &mut SeaOrmTransaction| {
                tx.insert_users(users).await?;
                tx.insert_refresh_families(families).await?;
                tx.insert_point_accounts(&accounts).await?;
                Ok::<_, StorageError>(())
            });
            written.await.expect("they are written");
        }
        storage.close().await.expect("the database is let go");

        let tokens = Hs256Tokens::new(&keys.token);
        let sign = |family: &RefreshFamily| {
            tokens.sign(&AccessClaims {
                user: family.user,
                family: family.id,
                role: Role::Customer,
                issued_at: fixtures.now(),
                expires_at: fixtures.now() + TimeDelta::hours(1),
            })
        };
        families.iter().map(|family| sign(family).expect("a token")).collect()
    }
}
