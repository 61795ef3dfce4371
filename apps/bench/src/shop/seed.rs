//! What is in the shop before it is loaded: people who are logged in, and products. All of it goes through the repositories,
//! set by set, because personal data is sealed for its row.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Result, anyhow};
use chrono::TimeDelta;
use jangteo_point::{PointAccount, PointEntry, PointLimits, PointRepository as _};
use jangteo_product::{NewProduct, Product, ProductRepository as _, ProductStatus};
use jangteo_security::{Hs256Tokens, SealedFields, ServiceKeys, SystemClock, SystemEntropy};
use jangteo_shared_kernel::{
    Clock as _, Currency, Id, Money, ProductId, RefreshFamilyId, Timestamp, UserId, atomically,
};
use jangteo_storage_sea_orm::{SeaOrmStorage, SeaOrmTransaction, StorageOptions};
use jangteo_user::{
    AccessClaims, AccessTokens as _, PasswordHash, Profile, RefreshFamily, RefreshFamilyRepository as _,
    Role, SecretHash, User, UserRepository as _,
};

/// The stock of every product: more than any run sells.
pub(crate) const INITIAL_STOCK: u32 = 100_000_000;

/// The points of every buyer: more than any run spends.
pub(crate) const POINTS: i64 = 1_000_000_000_000;

/// How many rows are inserted at once.
const SET: usize = 2_500;

/// After how many products it tells that it goes on: some sets.
const TELL: usize = 40 * SET;

/// Nobody logs in with it: the log-ins are there already.
const PASSWORD_HASH: &str =
    "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHRzb21l$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Who and what is in the shop.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) buyers: Vec<Buyer>,
    /// The token of somebody who runs the shop.
    pub(crate) admin: String,
    pub(crate) wares: Vec<Ware>,
}

/// Somebody who is logged in.
#[derive(Debug, Clone)]
pub(crate) struct Buyer {
    pub(crate) token: String,
}

/// A product on sale.
#[derive(Debug)]
pub(crate) struct Ware {
    pub(crate) id: ProductId,
    pub(crate) price: i64,
}

pub(super) async fn fill(keys: &Path, url: &str, buyers: usize, products: usize) -> Result<World> {
    let keys = ServiceKeys::load(keys)?;
    let cipher = Arc::new(SealedFields::new(&keys.fields, Arc::new(SystemEntropy)));
    let storage = SeaOrmStorage::connect(&StorageOptions::new(url), cipher).await?;
    let now = SystemClock.now();
    let tokens = Hs256Tokens::new(&keys.token);
    let world = World {
        buyers: add_buyers(&storage, &tokens, buyers, now).await?,
        admin: add_admin(&storage, &tokens, now).await?,
        wares: add_products(&storage, products, now).await?,
    };
    storage.close().await?;
    Ok(world)
}

async fn add_buyers(
    storage: &SeaOrmStorage,
    tokens: &Hs256Tokens,
    count: usize,
    now: Timestamp,
) -> Result<Vec<Buyer>> {
    let mut buyers = Vec::with_capacity(count);
    for first in (0..count).step_by(SET) {
        let mut users = Vec::new();
        for number in first..count.min(first + SET) {
            users.push(person(&format!("buyer-{number}"), Role::Customer, now)?);
        }
        let families: Vec<_> = users.iter().map(|user| log_in(user.id, now)).collect();
        let opened: Vec<_> = users.iter().map(|user| PointAccount::open(user.id, Currency::KRW)).collect();
        let mut accounts = opened.clone();
        let charged: Vec<_> =
            accounts.iter_mut().map(|account| charge(account, now)).collect::<Result<_, _>>()?;
        atomically(storage, async |tx: &mut SeaOrmTransaction| {
            tx.insert_users(&users).await?;
            tx.insert_refresh_families(&families).await?;
            tx.insert_point_accounts(&opened).await?;
            tx.save_points(&accounts, &charged).await
        })
        .await?;
        for family in families {
            buyers.push(Buyer { token: access(tokens, &family, Role::Customer)? });
        }
    }
    Ok(buyers)
}

async fn add_admin(storage: &SeaOrmStorage, tokens: &Hs256Tokens, now: Timestamp) -> Result<String> {
    let admin = person("admin", Role::Admin, now)?;
    let family = log_in(admin.id, now);
    let account = PointAccount::open(admin.id, Currency::KRW);
    atomically(storage, async |tx: &mut SeaOrmTransaction| {
        tx.insert_users(std::slice::from_ref(&admin)).await?;
        tx.insert_refresh_families(std::slice::from_ref(&family)).await?;
        tx.insert_point_accounts(std::slice::from_ref(&account)).await
    })
    .await?;
    access(tokens, &family, Role::Admin)
}

fn person(name: &str, role: Role, now: Timestamp) -> Result<User> {
    let email = format!("{name}@example.com").parse()?;
    let profile = Profile { email, name: name.parse()?, phone: None };
    Ok(User::register(new_id(now), role, profile, PasswordHash::new(PASSWORD_HASH.to_owned()), now))
}

fn charge(account: &mut PointAccount, now: Timestamp) -> Result<PointEntry> {
    let limits = PointLimits { min_charge: POINTS, max_charge: POINTS, max_balance: POINTS };
    let amount = Money::new(POINTS, Currency::KRW);
    Ok(account.charge(new_id(now), new_id(now), amount, None, &limits, now)?)
}

fn log_in(user: UserId, now: Timestamp) -> RefreshFamily {
    let id: RefreshFamilyId = new_id(now);
    let expires_at = now + TimeDelta::days(30);
    RefreshFamily { id, user, current: SecretHash([0; 32]), created_at: now, expires_at, ended_at: None }
}

/// A token that holds for as long as any run.
fn access(tokens: &Hs256Tokens, family: &RefreshFamily, role: Role) -> Result<String> {
    let claims = AccessClaims {
        user: family.user,
        family: family.id,
        role,
        issued_at: family.created_at,
        expires_at: family.created_at + TimeDelta::days(1),
    };
    tokens.sign(&claims).map_err(|cause| anyhow!(cause))
}

async fn add_products(storage: &SeaOrmStorage, count: usize, now: Timestamp) -> Result<Vec<Ware>> {
    let mut wares = Vec::with_capacity(count);
    for first in (0..count).step_by(SET) {
        let mut products = Vec::new();
        for number in first..count.min(first + SET) {
            let price = 1_000 + 100 * i64::try_from(number % 500)?;
            let new = NewProduct {
                name: format!("Product {number}").parse()?,
                description: "Good and cheap.".parse()?,
                price: Money::new(price, Currency::KRW).try_into()?,
                status: ProductStatus::OnSale,
                stock: INITIAL_STOCK.try_into()?,
            };
            let product = Product::create(new_id(now), new, now);
            wares.push(Ware { id: product.id, price });
            products.push(product);
        }
        // As the shop does it: stock adds up from adjustments and orders alone.
        let received: Vec<_> =
            products.iter().map(|product| product.initial_adjustment(new_id(now))).collect();
        atomically(storage, async |tx: &mut SeaOrmTransaction| {
            tx.insert_products(&products).await?;
            tx.insert_stock_adjustments(&received).await
        })
        .await?;
        if wares.len().is_multiple_of(TELL) {
            println!("    {:>9} of {count} products are made", wares.len());
        }
    }
    Ok(wares)
}

fn new_id<K>(now: Timestamp) -> Id<K> {
    Id::generate(now, &SystemEntropy)
}
