//! Which reads a replica answers, and what happens without it (ADR-037).
//!
//! A replica that lags, because it has been told to, shows who has answered: the past can only come from there.

use std::slice;
use std::time::Duration;

use jangteo_coupon::{CampaignPosition, CampaignRepository, CouponQueries};
use jangteo_order::{OrderFilter, OrderQueries, OrderRepository, OrderStatus};
use jangteo_payment::RequestedTenders;
use jangteo_point::{PointAccount, PointLimits, PointPosition, PointQueries, PointRepository};
use jangteo_product::{
    Product, ProductFilter, ProductList, ProductPosition, ProductQueries, ProductRepository, ProductSort,
    ProductStatus,
};
use jangteo_refund::{RefundPosition, RefundQueries, RefundRepository};
use jangteo_shared_kernel::{Currency, Limit, PageRequest, UserId};
use jangteo_storage_conformance::Fixtures;
use jangteo_storage_sea_orm::{ConnectError, SeaOrmStorage, StorageOptions};
use jangteo_test_services::{Server, Service, Standby, shared};
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, Statement};
use tokio::time::timeout;

use crate::support::{Shop, TestCipher, at, campaign, id, ids, krw, order, payment, priced, product};

/// Longer than anything here takes; whoever waits for it in vain has failed.
const LONG: Duration = Duration::from_mins(1);

/// Far less than any number of reads takes that wait for a replica each, one after the other, and far more than one does.
const NO_HANG: Duration = Duration::from_secs(20);

/// A page of one item.
fn one<P>(after: Option<P>) -> PageRequest<P> {
    PageRequest { limit: Limit::new(1).unwrap(), after }
}

/// The names of the products on a page of the newest behind this one, or on the first.
async fn names(shop: &Shop, behind: Option<&Product>) -> Vec<String> {
    let after =
        behind.map(|product| ProductPosition::Newest { created_at: product.created_at, id: product.id });
    let filter = ProductFilter { name_prefix: None, status: ProductStatus::OnSale };
    let list = ProductList { filter, sort: ProductSort::Newest, page: one(after) };
    let page = shop.storage.list_products(&list).await.unwrap();
    page.items.into_iter().map(|product| product.name.as_str().to_owned()).collect()
}

async fn rename(shop: &Shop, n: u32, name: &str) {
    let renamed = priced(n, 1, 1_000, name);
    shop.in_one(async |tx| tx.save_catalogue(slice::from_ref(&renamed)).await).await;
}

/// A server of its own with a replica, and a shop on both.
struct Replicated {
    service: Service,
    shop: Shop,
    standby: Standby,
    // The last to go.
    _primary: Server,
}

impl Replicated {
    async fn open(service: Service) -> Self {
        let primary = Server::start_primary(service).unwrap();
        let url = primary.new_database();
        let standby = Standby::of(&primary);
        let replica = standby.url(&url);
        let shop = Shop::open_at(url, None, |options| options.replica_urls = vec![replica]).await;
        Self { service, shop, standby, _primary: primary }
    }

    async fn at_standby(&self) -> DatabaseConnection {
        let mut one = ConnectOptions::new(self.standby.url(&self.shop.url));
        one.max_connections(1);
        Database::connect(one).await.unwrap()
    }

    /// Waits until the replica has all that the primary has, and stops it there.
    async fn freeze(&self) {
        let (primary, standby) = (self.shop.by_hand().await, self.at_standby().await);
        match self.service {
            Service::Postgres => {
                let now = told(&primary, "SELECT pg_current_wal_lsn()::text").await;
                let there = format!("SELECT (pg_last_wal_replay_lsn() >= '{now}'::pg_lsn)::text");
                until(&standby, &there).await;
                standby.execute_unprepared("SELECT pg_wal_replay_pause()").await.unwrap();
                until(&standby, "SELECT (pg_get_wal_replay_pause_state() = 'paused')::text").await;
            }
            Service::MariaDb => {
                let now = told(&primary, "SELECT CAST(@@gtid_binlog_pos AS CHAR)").await;
                let there = format!("SELECT IF(MASTER_GTID_WAIT('{now}', 1) = 0, 'true', 'false')");
                until(&standby, &there).await;
                standby.execute_unprepared("STOP SLAVE SQL_THREAD").await.unwrap();
            }
        }
    }

    async fn thaw(&self) {
        let go_on = match self.service {
            Service::Postgres => "SELECT pg_wal_replay_resume()",
            Service::MariaDb => "START SLAVE SQL_THREAD",
        };
        self.at_standby().await.execute_unprepared(go_on).await.unwrap();
    }
}

async fn told(db: &DatabaseConnection, question: &str) -> String {
    let question = Statement::from_string(db.get_database_backend(), question);
    db.query_one_raw(question).await.unwrap().unwrap().try_get_by_index(0).unwrap()
}

/// Asks until the answer is yes.
async fn until(db: &DatabaseConnection, question: &str) {
    let asking = timeout(LONG, async { while told(db, question).await != "true" {} }).await;
    assert!(asking.is_ok(), "never: {question}");
}

/// Reads pages behind this product until one has this name.
async fn until_named(shop: &Shop, behind: &Product, name: &str) {
    let reading = timeout(LONG, async { while names(shop, Some(behind)).await != [name] {} }).await;
    assert!(reading.is_ok(), "never named {name}");
}

#[tokio::test]
async fn a_replica_answers_pages_behind_the_first_and_nothing_else() {
    for service in Service::ALL {
        let replicated = Replicated::open(service).await;
        let shop = &replicated.shop;
        let products = [product(1, 5), product(2, 5)];
        shop.add_products(&products).await;
        rename(shop, 1, "Old").await;
        rename(shop, 2, "Old").await;
        let campaigns = [campaign(1, 10), campaign(2, 10)];
        let user: UserId = id(1);
        let mut account = PointAccount::open(user, Currency::KRW);
        let entries = [1, 2].map(|n| {
            let limits = PointLimits::default();
            account.grant(id(n), id(n), krw(5), at(60_000), "old".to_owned(), &limits, at(0)).unwrap()
        });
        let orders = [order(1, user, &products), order(2, user, &products)];
        let paid = payment(1, &orders[0], &RequestedTenders::AllPoints);
        let fixtures = Fixtures::seeded(1);
        let mut refunds = [fixtures.refund(&orders[0], &paid), fixtures.refund(&orders[0], &paid)];
        refunds.sort_by_key(|refund| (refund.created_at, refund.id));
        shop.in_one(async |tx| {
            tx.insert_campaigns(&campaigns).await?;
            tx.insert_point_accounts(&[PointAccount::open(user, Currency::KRW)]).await?;
            tx.lock_point_accounts(&ids([1])).await?;
            tx.save_points(slice::from_ref(&account), &entries).await?;
            tx.insert_orders(&orders).await?;
            tx.insert_refunds(&refunds).await
        })
        .await;
        replicated.freeze().await;

        let primary = shop.by_hand().await;
        for change in [
            "UPDATE products SET name = 'New'",
            "UPDATE campaigns SET name = 'New'",
            "UPDATE point_history SET reason = 'new'",
            "UPDATE refunds SET reason = 'new'",
            "UPDATE orders SET status = 'CANCELLED', cancelled_at = created_at",
        ] {
            primary.execute_unprepared(change).await.unwrap();
        }
        let read = &shop.storage;
        let second = CampaignPosition { created_at: campaigns[1].created_at, id: campaigns[1].id };
        let last = RefundPosition { created_at: refunds[1].created_at, id: refunds[1].id };
        for (behind, product, other) in [(false, "New", "new"), (true, "Old", "old")] {
            assert_eq!(names(shop, behind.then_some(&products[1])).await, [product]);
            let campaigns = read.list_campaigns(&one(behind.then_some(second))).await.unwrap();
            assert_eq!(campaigns.items[0].name.as_str() == "New", !behind);
            let after = behind.then_some(PointPosition { sequence: entries[1].sequence });
            let history = read.list_point_history(user, &one(after)).await.unwrap();
            assert_eq!(history.items[0].reason.as_deref(), Some(other));
            let refunds = read.list_refunds_of_payment(paid.id, &one(behind.then_some(last))).await.unwrap();
            assert_eq!(refunds.items[0].reason.as_str() == "new", !behind);
        }
        // What its owner changes is fresh on every page, and by its id.
        let orders =
            read.list_orders(&OrderFilter { user: Some(user), status: None }, &one(None)).await.unwrap();
        for page in [orders.clone(), {
            let filter = OrderFilter { user: Some(user), status: None };
            read.list_orders(&filter, &one(orders.next)).await.unwrap()
        }] {
            assert_eq!(page.items[0].status(), OrderStatus::Cancelled);
        }
        assert_eq!(read.find_product(id(1)).await.unwrap().unwrap().name.as_str(), "New");
        assert_eq!(read.find_campaign(id(1)).await.unwrap().unwrap().name.as_str(), "New");
        assert_eq!(read.lost_replicas().await, 0);

        replicated.thaw().await;
        until_named(shop, &products[1], "New").await;
    }
}

/// Who writes twice and reads page by page sees both, however far behind the replica is.
#[tokio::test]
async fn a_replica_that_lacks_the_row_where_a_page_ended_is_passed_over() {
    for service in Service::ALL {
        let replicated = Replicated::open(service).await;
        let shop = &replicated.shop;
        replicated.freeze().await;
        let products = [priced(1, 5, 1_000, "First"), product(2, 5)];
        shop.add_products(&products).await;
        assert_eq!(names(shop, Some(&products[1])).await, ["First"]);
        // It has done nothing wrong.
        assert_eq!(shop.storage.lost_replicas().await, 0);
    }
}

#[tokio::test]
async fn reads_go_on_without_a_killed_replica_and_it_is_used_again_once_it_is_back() {
    for service in Service::ALL {
        let mut replicated = Replicated::open(service).await;
        let products = [product(1, 5), product(2, 5)];
        replicated.shop.add_products(&products).await;
        rename(&replicated.shop, 1, "Old").await;
        replicated.freeze().await;
        rename(&replicated.shop, 1, "New").await;
        assert_eq!(names(&replicated.shop, Some(&products[1])).await, ["Old"]);

        replicated.standby.kill();
        for _ in 0..50 {
            assert_eq!(names(&replicated.shop, Some(&products[1])).await, ["New"]);
        }
        assert_eq!(replicated.shop.storage.lost_replicas().await, 1);

        replicated.standby.restart();
        replicated.freeze().await;
        rename(&replicated.shop, 1, "Newer").await;
        until_named(&replicated.shop, &products[1], "New").await;
        assert_eq!(replicated.shop.storage.lost_replicas().await, 0);
    }
}

/// It takes connections and answers nothing. What it was asked before it was given up, it answers later, to nobody.
#[tokio::test]
async fn reads_go_on_past_a_replica_that_hangs_and_it_is_used_again_once_it_answers() {
    for service in Service::ALL {
        let mut replicated = Replicated::open(service).await;
        let shop = replicated.shop.clone();
        let products = [1, 2, 3, 4, 5].map(|n| product(n, 5));
        shop.add_products(&products).await;
        let campaigns = [campaign(1, 10), campaign(2, 10)];
        shop.in_one(async |tx| tx.insert_campaigns(&campaigns).await).await;
        replicated.freeze().await;
        let primary = shop.by_hand().await;
        for change in [
            "UPDATE products SET name = CONCAT('New ', name)",
            "UPDATE campaigns SET name = CONCAT('New ', name)",
        ] {
            primary.execute_unprepared(change).await.unwrap();
        }
        let behind = |n: usize| Box::pin(names(&shop, products.get(n)));
        let four = || async { <[_; 4]>::from(tokio::join!(behind(1), behind(2), behind(3), behind(4))) };
        let old = [1, 2, 3, 4].map(|n| vec![format!("Mug {n}")]);
        let new = [1, 2, 3, 4].map(|n| vec![format!("New Mug {n}")]);
        let until_old = || timeout(LONG, async { while four().await != old {} });
        // From here on there are four connections that know these questions, and none that knows the one for campaigns.
        until_old().await.expect("answers of the replica");

        replicated.standby.pause();
        let second = one(Some(CampaignPosition { created_at: campaigns[1].created_at, id: campaigns[1].id }));
        let cut = timeout(NO_HANG, async {
            tokio::join!(shop.storage.list_campaigns(&second), behind(1), behind(2), behind(3))
        });
        let (campaigns, one, two, three) = cut.await.expect("an answer of the primary");
        assert!(campaigns.unwrap().items[0].name.as_str().starts_with("New "), "{service}");
        assert_eq!([one, two, three], new[..3], "{service}");
        let left_alone = timeout(NO_HANG, async {
            for _ in 0..50 {
                assert_eq!(four().await, new, "{service}");
            }
        });
        left_alone.await.expect("nobody waits for it any more");
        assert_eq!(shop.storage.lost_replicas().await, 1, "{service}");

        replicated.standby.resume();
        until_old().await.expect("answers of the replica");
        for _ in 0..50 {
            // Each to its own question: what comes late is not taken for the answer to the next one.
            for (n, said) in four().await.iter().enumerate() {
                assert!([&old[n], &new[n]].contains(&said), "{service}: {said:?} instead of {:?}", old[n]);
            }
            shop.storage.list_campaigns(&second).await.unwrap();
        }
        until_old().await.expect("answers of the replica");
        assert_eq!(shop.storage.lost_replicas().await, 0, "{service}");
    }
}

#[tokio::test]
async fn a_replica_that_hangs_does_not_hold_up_the_end() {
    for service in Service::ALL {
        let mut replicated = Replicated::open(service).await;
        let products = [product(1, 5), product(2, 5)];
        replicated.shop.add_products(&products).await;
        replicated.freeze().await;
        assert_eq!(names(&replicated.shop, Some(&products[1])).await, ["Mug 1"], "{service}");
        replicated.standby.pause();
        assert_eq!(names(&replicated.shop, Some(&products[1])).await, ["Mug 1"], "{service}");
        assert_eq!(replicated.shop.storage.lost_replicas().await, 1, "{service}");
        let closed = timeout(NO_HANG, replicated.shop.storage.close()).await;
        closed.unwrap_or_else(|_| panic!("{service}: it still waits")).unwrap();
    }
}

/// Databases of their own stand for replicas, so that each can say something else.
#[tokio::test]
async fn replicas_take_turns_and_one_that_is_not_there_loses_nothing() {
    for service in Service::ALL {
        let products = [product(1, 5), product(2, 5)];
        let mut urls = Vec::new();
        for name in ["One", "Two"] {
            let copy = Shop::open_on(service, |_| ()).await;
            copy.add_products(&products).await;
            rename(&copy, 1, name).await;
            urls.push(copy.url.clone());
        }
        let lost = Server::start(service).unwrap();
        urls.push(lost.new_database());
        // It was there once, and its port is closed now.
        drop(lost);
        let shop = Shop::open_on(service, |options| options.replica_urls = urls).await;
        shop.add_products(&products).await;
        rename(&shop, 1, "Primary").await;
        let mut said = Vec::new();
        for _ in 0..5 {
            said.extend(names(&shop, Some(&products[1])).await);
        }
        // The third is asked once, and then left alone.
        assert_eq!(said, ["One", "Two", "Primary", "One", "Two"], "{service}");
        assert_eq!(shop.storage.lost_replicas().await, 1, "{service}");
        // What is no copy has an answer of its own, and no error is passed on: here it has no tables.
        let url = shared(service).new_database();
        let shop = Shop::open_on(service, |options| options.replica_urls = vec![url]).await;
        shop.add_products(&products).await;
        rename(&shop, 1, "Primary").await;
        assert_eq!(names(&shop, Some(&products[1])).await, ["Primary"], "{service}");
    }
}

#[tokio::test]
async fn a_replica_of_another_engine_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = format!("sqlite://{}", folder.path().join("shop.db").display());
    let postgres = shared(Service::Postgres).new_database();
    for (url, replica) in [
        (&sqlite, &sqlite),
        (&sqlite, &postgres),
        (&postgres, &sqlite),
        (&postgres, &"mysql://x/y".to_owned()),
    ] {
        let mut options = StorageOptions::new(url);
        options.replica_urls = vec![replica.clone()];
        let refused = SeaOrmStorage::connect(&options, std::sync::Arc::new(TestCipher::default())).await;
        assert!(matches!(refused, Err(ConnectError::NoReplica)), "{url} {replica}");
    }
}
