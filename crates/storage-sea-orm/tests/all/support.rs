//! A storage in a temporary directory, and aggregates to put into it.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use chrono::{TimeDelta, TimeZone, Utc};
use jangteo_application::{
    Aggregate, Answer, Event, EventData, EventKind, Fingerprint, IdempotencyRecord, RequestMark,
};
use jangteo_coupon::{Campaign, CampaignDraft, CouponDiscount, CouponScope, IssuedCoupon, NewCampaign};
use jangteo_order::{Order, OrderTerms, OrderedItem};
use jangteo_payment::{PayableOrder, Payment, RequestedTenders};
use jangteo_product::{NewProduct, Product, ProductRepository, ProductStatus};
use jangteo_ranking::Sale;
use jangteo_shared_kernel::{Currency, Id, Money, Quantity, StorageError, Timestamp, UserId, atomically};
use jangteo_storage_sea_orm::{SeaOrmStorage, SeaOrmTransaction, StorageOptions};
use jangteo_test_services::{Service, shared};
use jangteo_user::{
    CipherError, Email, EmailLookup, FieldCipher, FieldPlace, PasswordHash, Profile, Role, User,
    UserRepository,
};
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement};

/// A cipher that is good for nothing but tests: nobody reads the clear text in the file, and a value opens at its own
/// place only, while its key is there.
pub(crate) struct TestCipher {
    nonces: AtomicU64,
    current: AtomicU32,
    /// Older keys than this are gone.
    oldest: AtomicU32,
}

impl Default for TestCipher {
    fn default() -> Self {
        Self { nonces: AtomicU64::new(0), current: AtomicU32::new(1), oldest: AtomicU32::new(1) }
    }
}

impl TestCipher {
    /// Seals with the next key from now on, and says which.
    pub(crate) fn rotate(&self) -> u32 {
        self.current.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Loses all keys but the current one.
    pub(crate) fn forget_older_keys(&self) {
        self.oldest.store(self.current.load(Ordering::Relaxed), Ordering::Relaxed);
    }
}

fn hash(parts: impl Hash) -> [u8; 8] {
    let mut hasher = DefaultHasher::new();
    parts.hash(&mut hasher);
    hasher.finish().to_be_bytes()
}

fn masked(place: FieldPlace, key: u32, nonce: &[u8], text: &[u8]) -> Vec<u8> {
    let mask = (0_u64..).flat_map(|block| hash((place.column, place.user, key, nonce, block)));
    text.iter().zip(mask).map(|(byte, mask)| byte ^ mask).collect()
}

impl FieldCipher for TestCipher {
    fn seal(&self, place: FieldPlace, clear: &str) -> Result<Vec<u8>, CipherError> {
        let key = self.current.load(Ordering::Relaxed);
        let nonce = self.nonces.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        let tag = hash((place.column, place.user, key, nonce, clear));
        Ok([&key.to_be_bytes()[..], &nonce, &tag, &masked(place, key, &nonce, clear.as_bytes())].concat())
    }

    fn open(&self, place: FieldPlace, sealed: &[u8]) -> Result<String, CipherError> {
        let key = self.key_of(sealed)?;
        if key < self.oldest.load(Ordering::Relaxed) {
            return Err(CipherError);
        }
        let (nonce, rest) = sealed[4..].split_at_checked(8).ok_or(CipherError)?;
        let (tag, text) = rest.split_at_checked(8).ok_or(CipherError)?;
        let clear = String::from_utf8(masked(place, key, nonce, text)).map_err(|_| CipherError)?;
        let nonce: [u8; 8] = nonce.try_into().map_err(|_| CipherError)?;
        if hash((place.column, place.user, key, nonce, clear.as_str())) == tag {
            Ok(clear)
        } else {
            Err(CipherError)
        }
    }

    fn key_of(&self, sealed: &[u8]) -> Result<u32, CipherError> {
        sealed.first_chunk().map(|key| u32::from_be_bytes(*key)).ok_or(CipherError)
    }

    fn email_lookup(&self, email: &Email) -> EmailLookup {
        let mut lookup = [0; 32];
        lookup[..8].copy_from_slice(&hash(("lookup", email.as_str())));
        EmailLookup(lookup)
    }
}

/// A migrated storage, the statements that it ran, and where it is. A clone is the same shop.
#[derive(Clone)]
pub(crate) struct Shop {
    pub(crate) storage: SeaOrmStorage,
    pub(crate) cipher: Arc<TestCipher>,
    pub(crate) statements: Arc<Mutex<Vec<String>>>,
    pub(crate) url: String,
    /// The folder of an embedded database.
    directory: Option<Arc<tempfile::TempDir>>,
}

impl Shop {
    pub(crate) async fn open() -> Self {
        Self::open_with(|_| ()).await
    }

    pub(crate) async fn open_with(change: impl FnOnce(&mut StorageOptions)) -> Self {
        Self::open_in(tempfile::tempdir().unwrap(), change).await
    }

    /// A shop with a database of its own on a server.
    pub(crate) async fn open_on(service: Service, change: impl FnOnce(&mut StorageOptions)) -> Self {
        Self::open_at(shared(service).new_database(), None, change).await
    }

    async fn open_in(directory: tempfile::TempDir, change: impl FnOnce(&mut StorageOptions)) -> Self {
        let url = format!("sqlite://{}", directory.path().join("shop.db").display());
        Self::open_at(url, Some(directory), change).await
    }

    pub(crate) async fn open_at(
        url: String,
        directory: Option<tempfile::TempDir>,
        change: impl FnOnce(&mut StorageOptions),
    ) -> Self {
        let statements = Arc::<Mutex<Vec<String>>>::default();
        let mut options = StorageOptions::new(&url);
        let ran = Arc::clone(&statements);
        options.on_statement = Some(Arc::new(move |text| ran.lock().unwrap().push(text.to_owned())));
        change(&mut options);
        let cipher = Arc::new(TestCipher::default());
        let storage = SeaOrmStorage::connect(&options, Arc::<TestCipher>::clone(&cipher)).await.unwrap();
        storage.migrate().await.unwrap();
        Self { storage, cipher, statements, url, directory: directory.map(Arc::new) }
    }

    pub(crate) fn directory(&self) -> &std::path::Path {
        self.directory.as_ref().unwrap().path()
    }

    /// The statements that ran since the last call.
    pub(crate) fn take_statements(&self) -> Vec<String> {
        std::mem::take(&mut self.statements.lock().unwrap())
    }

    /// The database as it is now, to make copies of.
    pub(crate) async fn snapshot(&self) -> Snapshot {
        let directory = tempfile::tempdir().unwrap();
        let db = self.by_hand().await;
        let file = directory.path().join("shop.db");
        db.execute_unprepared(&format!("VACUUM INTO '{}'", file.display())).await.unwrap();
        db.close().await.unwrap();
        Snapshot { directory }
    }

    /// Another connection to the database, past the storage.
    pub(crate) async fn by_hand(&self) -> DatabaseConnection {
        let mut one = ConnectOptions::new(&self.url);
        one.max_connections(1);
        Database::connect(one).await.unwrap()
    }

    /// Runs a statement past the storage and past its constraints.
    pub(crate) async fn tamper(&self, sql: &str) {
        let db = self.by_hand().await;
        let no_constraints = match db.get_database_backend() {
            DbBackend::MySql => "SET SESSION check_constraint_checks = 0, foreign_key_checks = 0",
            DbBackend::Postgres => {
                "SET session_replication_role = replica; \
                 DO $$ DECLARE c record; BEGIN \
                 FOR c IN SELECT conrelid::regclass AS t, conname FROM pg_constraint \
                 WHERE contype = 'c' AND connamespace = 'public'::regnamespace LOOP \
                 EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', c.t, c.conname); END LOOP; END $$"
            }
            _ => "PRAGMA ignore_check_constraints = ON",
        };
        db.execute_unprepared(no_constraints).await.unwrap();
        // PostgreSQL reads the digits of an id as they are.
        let digits = if db.get_database_backend() == DbBackend::Postgres { "'" } else { "x'" };
        let sql = &sql.replace("x'", digits);
        assert_eq!(db.execute_unprepared(sql).await.unwrap().rows_affected(), 1, "{sql}");
        db.close().await.unwrap();
    }

    pub(crate) async fn in_one<T>(
        &self,
        work: impl AsyncFnOnce(&mut SeaOrmTransaction) -> Result<T, StorageError>,
    ) -> T {
        atomically(&self.storage, work).await.unwrap()
    }

    pub(crate) async fn refuses(
        &self,
        work: impl AsyncFnOnce(&mut SeaOrmTransaction) -> Result<(), StorageError>,
    ) -> StorageError {
        atomically(&self.storage, work).await.unwrap_err()
    }

    pub(crate) async fn add_products(&self, products: &[Product]) {
        self.in_one(async |tx| tx.insert_products(products).await).await;
    }

    pub(crate) async fn add_users(&self, users: &[User]) {
        self.in_one(async |tx| tx.insert_users(users).await).await;
    }

    pub(crate) async fn product(&self, id: jangteo_shared_kernel::ProductId) -> Product {
        let ids = BTreeSet::from([id]);
        let mut products: BTreeMap<_, _> = self.in_one(async |tx| tx.lock_products(&ids).await).await;
        products.remove(&id).unwrap()
    }

    /// Deletes every row of every table on a server, at once and in any order.
    pub(crate) async fn empty(&self) {
        let db = self.by_hand().await;
        let backend = db.get_database_backend();
        let (schema, begin) = if backend == DbBackend::MySql {
            ("DATABASE()", "SET FOREIGN_KEY_CHECKS = 0; BEGIN;")
        } else {
            ("current_schema()", "BEGIN; SET LOCAL session_replication_role = replica;")
        };
        let tables = format!(
            "SELECT CONCAT('DELETE FROM ', table_name, ';') FROM information_schema.tables \
             WHERE table_schema = {schema} AND table_name <> 'seaql_migrations'"
        );
        let rows = db.query_all_raw(Statement::from_string(backend, tables)).await.unwrap();
        let deletions: String = rows.iter().map(|row| row.try_get_by_index::<String>(0).unwrap()).collect();
        db.execute_unprepared(&format!("{begin} {deletions} COMMIT")).await.unwrap();
        db.close().await.unwrap();
    }

    /// One column of one row, as text.
    pub(crate) async fn value(&self, sql: &str) -> Option<String> {
        let db = self.by_hand().await;
        let statement = Statement::from_string(db.get_database_backend(), sql);
        let row = db.query_one_raw(statement).await.unwrap().unwrap();
        db.close().await.unwrap();
        row.try_get_by_index(0).unwrap()
    }
}

/// A database that stays as it is.
pub(crate) struct Snapshot {
    directory: tempfile::TempDir,
}

impl Snapshot {
    /// A shop that goes on from here.
    pub(crate) async fn copy(&self) -> Shop {
        let directory = tempfile::tempdir().unwrap();
        std::fs::copy(self.directory.path().join("shop.db"), directory.path().join("shop.db")).unwrap();
        Shop::open_in(directory, |_| ()).await
    }
}

/// The causes of an error, one after the other.
pub(crate) fn told(error: &StorageError) -> String {
    let cause: &dyn std::error::Error = match error {
        StorageError::Transient(cause) | StorageError::Unavailable(cause) | StorageError::Fatal(cause) => {
            &**cause
        }
    };
    cause.to_string()
}

pub(crate) fn id<K>(n: u32) -> Id<K> {
    format!("01900000-0000-7000-8000-{n:012x}").parse().unwrap()
}

pub(crate) fn ids<K>(numbers: impl IntoIterator<Item = u32>) -> BTreeSet<Id<K>> {
    numbers.into_iter().map(id).collect()
}

pub(crate) fn krw(amount: i64) -> Money {
    Money::new(amount, Currency::KRW)
}

/// So many milliseconds into the test. Thousands have no fraction, the others have three digits of one.
pub(crate) fn at(millis: i64) -> Timestamp {
    Utc.with_ymd_and_hms(2026, 11, 22, 0, 0, 0).unwrap() + TimeDelta::milliseconds(millis)
}

pub(crate) fn user(n: u32) -> User {
    let profile = Profile {
        email: format!("minji{n}@example.com").parse().unwrap(),
        name: format!("Minji Kim {n}").parse().unwrap(),
        phone: (n % 2 == 1).then(|| format!("010-1234-{n:04}").parse().unwrap()),
    };
    let hash = PasswordHash::new(format!("$argon2id${n}"));
    let role = if n.is_multiple_of(10) { Role::Admin } else { Role::Customer };
    User::register(id(n), role, profile, hash, at(i64::from(n)))
}

pub(crate) fn product(n: u32, stock: u32) -> Product {
    priced(n, stock, 1_000, &format!("Mug {n}"))
}

pub(crate) fn priced(n: u32, stock: u32, price: i64, name: &str) -> Product {
    let new = NewProduct {
        name: name.parse().unwrap(),
        description: "It holds \"coffee\".\nOr tea.".parse().unwrap(),
        price: krw(price).try_into().unwrap(),
        status: ProductStatus::OnSale,
        stock: stock.try_into().unwrap(),
    };
    Product::create(id(n), new, at(i64::from(n)))
}

/// An order of `n` by a user, with lines of one unit each of these products.
pub(crate) fn order(n: u32, user: UserId, products: &[Product]) -> Order {
    let placed_at = at(i64::from(n));
    let expires_at = placed_at + TimeDelta::minutes(30);
    let terms = OrderTerms { id: id(n), user, currency: Currency::KRW, placed_at, expires_at };
    let items = (0_u32..).zip(products).map(|(line, product)| OrderedItem {
        // Ids that descend while the numbers ascend.
        line: id(n * 1_000 + 999 - line),
        product: product.id,
        product_name: product.name.as_str().to_owned(),
        unit_price: product.price.money(),
        quantity: Quantity::new(line + 1).unwrap(),
    });
    Order::place(terms, items, None).unwrap()
}

pub(crate) fn payment(n: u32, order: &Order, tenders: &RequestedTenders) -> Payment {
    let payable = PayableOrder {
        order: order.id,
        user: order.user,
        total: order.total(),
        lines: order.lines.iter().map(|line| (line.id, line.net())).collect(),
    };
    Payment::settle(id(n), &payable, tenders, at(i64::from(n))).unwrap()
}

/// A campaign of so many coupons, one a user, for two products.
pub(crate) fn campaign(n: u32, total: u32) -> Campaign {
    let draft = CampaignDraft {
        valid_until: Some(at(60_000)),
        ..CampaignDraft::new(
            format!("쿠폰 {n}").parse().unwrap(),
            CouponDiscount::Fixed(krw(1_000)),
            CouponScope::Products(ids([1, 2])),
            total.try_into().unwrap(),
        )
    };
    Campaign::create(id(n), NewCampaign::check(draft, Currency::KRW).unwrap(), at(i64::from(n)))
}

/// The next coupon of a campaign, for a user who has none of it.
pub(crate) fn coupon(n: u32, campaign: &mut Campaign, user: UserId) -> IssuedCoupon {
    campaign.allotment.claim(id(n), user, Quantity::ZERO, at(i64::from(n))).unwrap()
}

pub(crate) fn record(user: UserId, key: &str, millis: i64) -> IdempotencyRecord {
    IdempotencyRecord {
        mark: RequestMark { user, key: key.parse().unwrap(), fingerprint: Fingerprint([7; 32]) },
        answer: Answer { status: 201, location: Some("/orders/1".into()), body: vec![0, 0xff, b'"', b'{'] },
        created_at: at(millis),
    }
}

/// A sale of product `n`, noted in the order of the numbers.
pub(crate) fn sale(n: u32, units: i64) -> Sale {
    let noted_at = at(i64::from(n));
    Sale { id: id(n), noted_at, product: id(n), units, revenue: krw(10 * units), sold_at: noted_at }
}

pub(crate) fn event(n: u32, subject: uuid::Uuid) -> Event {
    Event {
        id: id(n),
        kind: EventKind::OrderPlaced,
        aggregate: Aggregate::Order,
        subject,
        version: 1,
        occurred_at: at(i64::from(n)),
        data: EventData::of(&serde_json::json!({ "name": "머그 \"컵\"", "total": i64::MAX })),
    }
}
