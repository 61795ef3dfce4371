//! What SQLite says of its tables.

use std::collections::BTreeMap;

use jangteo_migrations::MigratorTrait;
use sea_orm_migration::sea_orm::{ConnectionTrait, DatabaseConnection, DbErr, QueryResult, Statement};

/// All tables by name, but for the one that the migrations keep for themselves.
pub(crate) type Tables = BTreeMap<String, Table>;

#[derive(Debug, Default)]
pub(crate) struct Table {
    /// In the order in which the table has them.
    pub(crate) columns: Vec<Column>,
    pub(crate) references: Vec<Reference>,
    pub(crate) indexes: Vec<Index>,
    /// The names of its conditions.
    pub(crate) checks: Vec<String>,
}

#[derive(Debug)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) nullable: bool,
    pub(crate) in_primary_key: bool,
}

/// A foreign key.
#[derive(Debug)]
pub(crate) struct Reference {
    pub(crate) column: String,
    pub(crate) owner: String,
}

/// An index that is not the primary key.
#[derive(Debug)]
pub(crate) struct Index {
    /// What SQLite made for a column that is declared unique has none.
    pub(crate) name: Option<String>,
    pub(crate) columns: Vec<String>,
    pub(crate) unique: bool,
    /// The rows that it has, if not all.
    pub(crate) condition: Option<String>,
}

impl Table {
    /// Whether no two rows have the same there.
    pub(crate) fn is_unique(&self, column: &str) -> bool {
        let key: Vec<_> = self.columns.iter().filter(|column| column.in_primary_key).collect();
        matches!(key[..], [only] if only.name == column)
            || self.indexes.iter().any(|index| index.unique && index.columns == [column])
    }
}

/// Reads the tables of a database.
pub(crate) async fn read(database: &DatabaseConnection) -> Result<Tables, DbErr> {
    let rows = ask(
        database,
        "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name",
    )
    .await?;
    let mut tables = Tables::new();
    for row in rows {
        let (name, sql): (String, String) = (row.try_get("", "name")?, row.try_get("", "sql")?);
        if name == jangteo_migrations::Migrator::migration_table_name().to_string() {
            continue;
        }
        let table = Table {
            columns: columns(database, &name).await?,
            references: references(database, &name).await?,
            indexes: indexes(database, &name).await?,
            checks: checks(&sql),
        };
        tables.insert(name, table);
    }
    Ok(tables)
}

async fn ask(database: &DatabaseConnection, sql: &str) -> Result<Vec<QueryResult>, DbErr> {
    database.query_all_raw(Statement::from_string(database.get_database_backend(), sql)).await
}

async fn columns(database: &DatabaseConnection, table: &str) -> Result<Vec<Column>, DbErr> {
    let sql = format!(
        "SELECT name, type, \"notnull\" AS filled, pk FROM pragma_table_info('{table}') ORDER BY cid"
    );
    let column = |row: &QueryResult| {
        Ok(Column {
            name: row.try_get("", "name")?,
            kind: kind(&row.try_get::<String>("", "type")?),
            nullable: row.try_get::<i32>("", "filled")? == 0,
            in_primary_key: row.try_get::<i32>("", "pk")? != 0,
        })
    };
    ask(database, &sql).await?.iter().map(column).collect()
}

/// The type without what SeaORM adds for SQLite.
fn kind(declared: &str) -> String {
    let plain = declared.to_lowercase().replace("timestamp_with_timezone_text", "timestamptz");
    plain.replace("_text", "").replace("_blob", "")
}

async fn references(database: &DatabaseConnection, table: &str) -> Result<Vec<Reference>, DbErr> {
    let sql = format!(
        "SELECT \"from\" AS \"column\", \"table\" AS owner FROM pragma_foreign_key_list('{table}') ORDER BY 1"
    );
    let reference = |row: &QueryResult| {
        Ok(Reference { column: row.try_get("", "column")?, owner: row.try_get("", "owner")? })
    };
    ask(database, &sql).await?.iter().map(reference).collect()
}

async fn indexes(database: &DatabaseConnection, table: &str) -> Result<Vec<Index>, DbErr> {
    // `pk` is the primary key, `u` what a column or a table declares, `c` what was created.
    let sql = format!(
        "SELECT l.name, l.\"unique\" AS only, l.origin, m.sql FROM pragma_index_list('{table}') l \
         LEFT JOIN sqlite_master m ON m.type = 'index' AND m.name = l.name \
         WHERE l.origin <> 'pk' ORDER BY l.origin DESC, l.name"
    );
    let mut indexes = Vec::new();
    for row in ask(database, &sql).await? {
        let name: String = row.try_get("", "name")?;
        let columns =
            format!("SELECT name, desc FROM pragma_index_xinfo('{name}') WHERE key = 1 ORDER BY seqno");
        let column = |row: &QueryResult| {
            let name: String = row.try_get("", "name")?;
            let descending = row.try_get::<i32>("", "desc")? != 0;
            Ok(if descending { format!("{name} DESC") } else { name })
        };
        let columns = ask(database, &columns).await?.iter().map(column).collect::<Result<_, DbErr>>()?;
        let sql: Option<String> = row.try_get("", "sql")?;
        indexes.push(Index {
            columns,
            unique: row.try_get::<i32>("", "only")? != 0,
            condition: sql
                .as_deref()
                .and_then(|sql| sql.split_once(" WHERE "))
                .map(|(_, rows)| rows.to_owned()),
            name: (row.try_get::<String>("", "origin")? == "c").then_some(name),
        });
    }
    Ok(indexes)
}

/// The names of the conditions in the statement that made a table.
fn checks(sql: &str) -> Vec<String> {
    let named = sql.split("CONSTRAINT \"").skip(1).filter_map(|rest| rest.split_once('"'));
    named.filter(|(_, rest)| rest.starts_with(" CHECK")).map(|(name, _)| name.to_owned()).collect()
}
