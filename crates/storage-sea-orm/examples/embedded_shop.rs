//! A program that has a whole shop in it: the use cases of `jangteo-application` over a database in a file, without HTTP.
//!
//! It migrates the database, takes a product in, sells it to somebody who pays with points, sends the order twice as a client
//! would whose answer was lost, and proves that everything adds up.
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;
use std::num::NonZeroUsize;
use std::sync::Arc;

use chrono::TimeDelta;
use jangteo_application::{
    Answer, AuditQueries, ChargePointAccounts, ChargePoints, CreateProducts, Fingerprint, PayOrder,
    PayOrders, PlaceOrder, PlaceOrders, RegisterUser, RegisterUsers, RequestMark, SetUseCase, Sources,
    Verdict, submit,
};
use jangteo_order::{OrderQueries, RequestedItems};
use jangteo_payment::RequestedTenders;
use jangteo_point::{PointLimits, PointQueries};
use jangteo_product::{NewProduct, Product, ProductQueries, ProductStatus};
use jangteo_security::{
    Argon2idCost, Argon2idHasher, HashingBounds, SealedFields, ServiceKeys, SystemClock, SystemEntropy,
};
use jangteo_shared_kernel::{Currency, Money, Quantity, StorageError, UserId};
use jangteo_storage_sea_orm::{SeaOrmStorage, SeaOrmTransaction, StorageOptions};
use jangteo_user::{PasswordHasher, Profile, Role};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let folder = tempfile::tempdir()?;
    let url = format!("sqlite://{}", folder.path().join("shop.sqlite").display());
    for line in story(&url).await? {
        println!("{line}");
    }
    Ok(())
}

/// What happens, in a few lines.
async fn story(url: &str) -> Result<Vec<String>, Box<dyn Error + Send + Sync>> {
    let shop = Shop::open(url).await?;
    let (mug, minji) = (shop.take_in().await?, shop.sign_up().await?);
    let mut told = vec![format!("{} are in stock: {}", mug.stock, mug.name)];

    let place = PlaceOrder {
        user: minji,
        items: RequestedItems::new([(mug.id, Quantity::new(2)?)])?,
        coupon: None,
        expected_total: None,
        mark: mark(minji, "order-1")?,
    };
    let place_orders = PlaceOrders {
        sources: shop.sources.clone(),
        currency: Currency::KRW,
        unpaid_expiry: TimeDelta::minutes(30),
        render: |order| answer(&order.id),
    };
    let Verdict::Accepted { outcome: order, answer: first } = shop.run(&place_orders, place.clone()).await?
    else {
        return Err("the order was not placed".into());
    };
    told.push(format!("an order costs {}", order.total()));
    let Verdict::Replayed(again) = shop.run(&place_orders, place).await? else {
        return Err("the order was placed twice".into());
    };
    told.push(format!("sent again, it gets its first answer again: {}", again == first));

    let pay = PayOrder {
        user: minji,
        order: order.id,
        tenders: RequestedTenders::AllPoints,
        mark: mark(minji, "pay-1")?,
    };
    let pay_orders = PayOrders { sources: shop.sources.clone(), render: |payment| answer(&payment.id) };
    let Verdict::Accepted { .. } = shop.run(&pay_orders, pay).await? else {
        return Err("the order was not paid".into());
    };

    let order = shop.storage.find_order(order.id).await?.ok_or("the order is gone")?;
    let points = shop.storage.find_point_account(minji).await?.ok_or("the account is gone")?;
    let mug = shop.storage.find_product(mug.id).await?.ok_or("the product is gone")?;
    told.push(format!(
        "it is {:?}; {} in points and {} in stock are left",
        order.status(),
        points.balance,
        mug.stock
    ));

    let audit = shop.storage.audit(shop.sources.now()).await?;
    told.push(format!("everything adds up: {}", audit.holds()));
    shop.storage.close().await?;
    Ok(told)
}

/// What the program has of a shop.
struct Shop {
    storage: SeaOrmStorage,
    sources: Sources,
    passwords: Argon2idHasher,
}

impl Shop {
    async fn open(url: &str) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let entropy = Arc::new(SystemEntropy);
        // Whoever keeps the database keeps its keys: ServiceKeys::load_or_generate.
        let keys = ServiceKeys::generate(&SystemEntropy);
        let cipher = Arc::new(SealedFields::new(&keys.fields, entropy.clone()));
        let storage = SeaOrmStorage::connect(&StorageOptions::new(url), cipher).await?;
        storage.migrate().await?;
        let bounds = HashingBounds { at_once: NonZeroUsize::MIN, waiting: 8 };
        let passwords = Argon2idHasher::new(Argon2idCost::OWASP, bounds, entropy.clone())?;
        Ok(Self { storage, sources: Sources::new(Arc::new(SystemClock), entropy), passwords })
    }

    /// Runs a command in a transaction of its own, and again if it has lost a race.
    async fn run<C>(&self, use_case: &C, command: C::Command) -> Result<C::Verdict, StorageError>
    where
        C: SetUseCase<SeaOrmTransaction>,
    {
        submit(&self.storage, use_case, &self.sources, command).await
    }

    async fn take_in(&self) -> Result<Product, Box<dyn Error + Send + Sync>> {
        let mug = NewProduct {
            name: "머그컵".parse()?,
            description: "".parse()?,
            price: Money::new(12_000, Currency::KRW).try_into()?,
            status: ProductStatus::OnSale,
            stock: 10.try_into()?,
        };
        Ok(self.run(&CreateProducts { sources: self.sources.clone() }, mug).await?)
    }

    /// Somebody signs up and charges 50,000 points.
    async fn sign_up(&self) -> Result<UserId, Box<dyn Error + Send + Sync>> {
        let profile =
            Profile { email: "minji@example.com".parse()?, name: "김민지".parse()?, phone: None };
        // Slow on purpose, and therefore outside of the transaction.
        let password_hash = self.passwords.hash_password("correct horse battery".parse()?).await?;
        let register = RegisterUsers { sources: self.sources.clone(), currency: Currency::KRW };
        let user =
            self.run(&register, RegisterUser { profile, role: Role::Customer, password_hash }).await??;

        let charge_points = ChargePointAccounts {
            sources: self.sources.clone(),
            limits: PointLimits::default(),
            render: |entry| answer(&entry.id),
        };
        let amount = Money::new(50_000, Currency::KRW);
        let charge = ChargePoints { user: user.id, amount, mark: mark(user.id, "charge-1")? };
        match self.run(&charge_points, charge).await? {
            Verdict::Accepted { .. } => Ok(user.id),
            _ => Err("the points were not charged".into()),
        }
    }
}

/// What the client named a request by. A server makes the fingerprint of all that makes two requests the same.
fn mark(user: UserId, key: &str) -> Result<RequestMark, Box<dyn Error + Send + Sync>> {
    Ok(RequestMark { user, key: key.parse()?, fingerprint: Fingerprint([0; 32]) })
}

/// What is kept under the key, and sent again. Here it is the id of what was made.
fn answer(made: &impl ToString) -> Answer {
    Answer { status: 201, location: None, body: made.to_string().into_bytes() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_order_is_placed_once_and_everything_adds_up() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("shop.sqlite").display());
        let told = [
            "10 are in stock: 머그컵",
            "an order costs 24000 KRW",
            "sent again, it gets its first answer again: true",
            "it is Paid; 26000 KRW in points and 8 in stock are left",
            "everything adds up: true",
        ];
        assert_eq!(story(&url).await.unwrap(), told);
        assert!(include_str!("../README.md").contains(&told.join("\n")), "the page shows something else");
    }
}
