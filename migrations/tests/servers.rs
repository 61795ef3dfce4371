//! The schema on servers: there and back, and what is left of a change that failed half-way.
#![expect(clippy::unwrap_used, reason = "this is a test: what it did not expect ends it")]

use jangteo_migrations::{Migrator, MigratorTrait};
use jangteo_test_services::{Service, shared};
use sea_orm_migration::sea_orm::{ConnectionTrait, Database, DatabaseConnection, Statement};

async fn database(service: Service) -> DatabaseConnection {
    Database::connect(shared(service).new_database()).await.unwrap()
}

async fn texts(db: &DatabaseConnection, sql: &str) -> Vec<String> {
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await.unwrap();
    rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect()
}

/// Everything about every table, in words.
async fn schema(service: Service, db: &DatabaseConnection) -> Vec<String> {
    match service {
        Service::Postgres => {
            texts(
                db,
                "SELECT concat_ws(' ', table_name, ordinal_position, column_name, data_type, is_nullable, \
                 character_maximum_length, collation_name) AS told FROM information_schema.columns \
                 WHERE table_schema = 'public' AND table_name <> 'seaql_migrations' \
                 UNION ALL SELECT indexdef FROM pg_indexes \
                 WHERE schemaname = 'public' AND tablename <> 'seaql_migrations' \
                 UNION ALL SELECT concat_ws(' ', conrelid::regclass, conname, pg_get_constraintdef(oid)) \
                 FROM pg_constraint WHERE connamespace = 'public'::regnamespace \
                 AND conrelid <> 'seaql_migrations'::regclass ORDER BY told",
            )
            .await
        }
        Service::MariaDb => {
            let names = texts(
                db,
                "SELECT table_name FROM information_schema.tables \
                 WHERE table_schema = DATABASE() AND table_name <> 'seaql_migrations' ORDER BY table_name",
            )
            .await;
            let mut tables = Vec::new();
            for name in names {
                let show =
                    Statement::from_string(db.get_database_backend(), format!("SHOW CREATE TABLE {name}"));
                let row = db.query_one_raw(show).await.unwrap().unwrap();
                tables.push(row.try_get_by_index(1).unwrap());
            }
            tables
        }
    }
}

#[tokio::test]
async fn goes_down_and_up_again_to_the_same_schema() {
    for service in Service::ALL {
        let db = database(service).await;
        Migrator::up(&db, None).await.unwrap();
        let first = schema(service, &db).await;
        assert!(first.len() >= 25, "{service}: {first:?}");
        Migrator::down(&db, None).await.unwrap();
        assert_eq!(schema(service, &db).await, Vec::<String>::new(), "{service}");
        Migrator::up(&db, None).await.unwrap();
        assert_eq!(schema(service, &db).await, first, "{service}");
    }
}

#[tokio::test]
async fn goes_down_one_change_at_a_time() {
    for service in Service::ALL {
        let db = database(service).await;
        Migrator::up(&db, None).await.unwrap();
        for left in (0..Migrator::migrations().len()).rev() {
            Migrator::down(&db, Some(1)).await.unwrap();
            assert_eq!(Migrator::get_applied_migrations(&db).await.unwrap().len(), left, "{service}");
        }
    }
}

/// MariaDB commits each step. As if every change had failed right before it was noted down, all of it runs again; and on
/// the way back as well.
#[tokio::test]
async fn mariadb_takes_up_what_failed_half_way() {
    let db = database(Service::MariaDb).await;
    let forget = async || db.execute_unprepared("DELETE FROM seaql_migrations").await.unwrap();
    Migrator::up(&db, None).await.unwrap();
    let whole = schema(Service::MariaDb, &db).await;
    forget().await;
    Migrator::up(&db, None).await.unwrap();
    assert_eq!(schema(Service::MariaDb, &db).await, whole);

    // As if some had failed earlier: their first steps were made, their last ones were not.
    for undone in [
        "DROP INDEX refunds_by_sale ON refunds",
        "DROP INDEX refunds_of_payment ON refunds",
        "DROP TABLE refund_shares",
        "ALTER TABLE orders DROP COLUMN issued_coupon_id",
        "DROP INDEX campaigns_by_age ON campaigns",
        "DROP TABLE campaign_products",
        "DROP INDEX outbox_by_aggregate ON outbox",
        "DROP INDEX payments_of_order ON payments",
        "DROP INDEX products_by_name ON products",
        "DROP INDEX users_by_role_and_age ON users",
    ] {
        db.execute_unprepared(undone).await.unwrap();
    }
    forget().await;
    Migrator::up(&db, None).await.unwrap();
    assert_eq!(schema(Service::MariaDb, &db).await, whole);

    for undone in [
        "DROP TABLE refund_shares",
        "ALTER TABLE orders DROP COLUMN issued_coupon_id",
        "DROP INDEX outbox_by_aggregate ON outbox",
    ] {
        db.execute_unprepared(undone).await.unwrap();
    }
    Migrator::down(&db, None).await.unwrap();
    assert_eq!(schema(Service::MariaDb, &db).await, Vec::<String>::new());
}
