//! What the changes share: column types by meaning, and what engines spell differently.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{DbBackend, Statement};

/// Builds tables for the engine at hand.
pub(crate) struct Schema<'a> {
    manager: &'a SchemaManager<'a>,
    engine: DbBackend,
}

impl<'a> Schema<'a> {
    pub(crate) fn of(manager: &'a SchemaManager<'a>) -> Self {
        Self { manager, engine: manager.get_database_backend() }
    }

    /// A table. MySQL compares texts byte by byte, as the other engines do.
    pub(crate) fn table(&self, name: &'static str) -> TableCreateStatement {
        let mut table = Table::create().table(name).take();
        if self.engine == DbBackend::MySql {
            table.engine("InnoDB").character_set("utf8mb4").collate("utf8mb4_bin");
        }
        table
    }

    /// A table of short rows that are found by their primary key. SQLite keeps it as one tree, not two.
    pub(crate) fn narrow_table(&self, name: &'static str) -> TableCreateStatement {
        let mut table = self.table(name);
        if self.engine == DbBackend::Sqlite {
            table.extra("WITHOUT ROWID");
        }
        table
    }

    /// An instant in UTC with milliseconds.
    pub(crate) fn instant(&self, name: &'static str) -> ColumnDef {
        let mut column = ColumnDef::new(name);
        match self.engine {
            DbBackend::MySql => column.custom("datetime(3)"),
            _ => column.timestamp_with_time_zone(),
        };
        column.not_null().take()
    }

    /// Text that is sorted byte by byte on every engine.
    pub(crate) fn sorted_text(&self, name: &'static str, length: u32) -> ColumnDef {
        let mut column = text(name, length);
        if self.engine == DbBackend::Postgres {
            column.extra("COLLATE \"C\"");
        }
        column
    }

    /// Text of any length that matters: up to 16 MiB.
    pub(crate) fn long_text(&self, name: &'static str) -> ColumnDef {
        let mut column = ColumnDef::new(name);
        match self.engine {
            DbBackend::MySql => column.custom("mediumtext"),
            _ => column.text(),
        };
        column.not_null().take()
    }

    /// Bytes of any length that matters: up to 16 MiB.
    pub(crate) fn long_bytes(&self, name: &'static str) -> ColumnDef {
        let mut column = ColumnDef::new(name);
        match self.engine {
            DbBackend::MySql => column.custom("mediumblob"),
            _ => column.blob(),
        };
        column.not_null().take()
    }

    /// An index of the rows that match `condition`; of all rows on MySQL, which has no such indexes.
    pub(crate) fn partial(
        &self,
        mut index: IndexCreateStatement,
        condition: &'static str,
    ) -> IndexCreateStatement {
        if self.engine != DbBackend::MySql {
            index.and_where(Expr::cust(condition));
        }
        index
    }

    /// Creates a table. On MySQL it may be there from an attempt that failed later on.
    pub(crate) async fn create(&self, mut table: TableCreateStatement) -> Result<(), DbErr> {
        if self.keeps_half_a_change() {
            table.if_not_exists();
        }
        self.manager.create_table(table).await
    }

    /// Creates an index, unless it is there from an attempt that failed later on.
    pub(crate) async fn create_index(&self, index: IndexCreateStatement) -> Result<(), DbErr> {
        if let Some(name) = index.get_index_spec().get_name()
            && self.keeps_half_a_change()
            && self.has_index(name).await?
        {
            return Ok(());
        }
        self.manager.create_index(index).await
    }

    /// Drops an index of a table that stays.
    pub(crate) async fn drop_index(&self, name: &'static str, table: &'static str) -> Result<(), DbErr> {
        if self.keeps_half_a_change() && !self.has_index(name).await? {
            return Ok(());
        }
        self.manager.drop_index(Index::drop().name(name).table(table).to_owned()).await
    }

    /// Adds a column to a table.
    pub(crate) async fn add_column(&self, table: &'static str, column: ColumnDef) -> Result<(), DbErr> {
        let name = column.get_column_name();
        if self.keeps_half_a_change() && self.manager.has_column(table, name).await? {
            return Ok(());
        }
        self.manager.alter_table(Table::alter().table(table).add_column(column).take()).await
    }

    /// Drops a column of a table that stays.
    pub(crate) async fn drop_column(&self, table: &'static str, column: &'static str) -> Result<(), DbErr> {
        if self.keeps_half_a_change() && !self.manager.has_column(table, column).await? {
            return Ok(());
        }
        self.manager.alter_table(Table::alter().table(table).drop_column(column).take()).await
    }

    /// Drops tables in this order; their indexes go with them.
    pub(crate) async fn drop(&self, tables: &[&'static str]) -> Result<(), DbErr> {
        for table in tables {
            let mut drop = Table::drop().table(*table).take();
            if self.keeps_half_a_change() {
                drop.if_exists();
            }
            self.manager.drop_table(drop).await?;
        }
        Ok(())
    }

    /// Whether MySQL has an index of this name. No two of ours have the same.
    async fn has_index(&self, name: &str) -> Result<bool, DbErr> {
        let question = "SELECT 1 FROM information_schema.statistics \
                        WHERE table_schema = DATABASE() AND index_name = ? LIMIT 1";
        let question = Statement::from_sql_and_values(self.engine, question, [name.into()]);
        Ok(self.manager.get_connection().query_one_raw(question).await?.is_some())
    }

    /// Whether each step commits by itself, so that a change that failed half-way has left something behind. Each step then
    /// is one that can be repeated.
    fn keeps_half_a_change(&self) -> bool {
        self.engine == DbBackend::MySql
    }
}

/// A UUID; `BINARY(16)` on MySQL.
pub(crate) fn id(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).uuid().not_null().take()
}

/// A 64-bit count, amount of minor units, or version.
pub(crate) fn integer(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).big_integer().not_null().take()
}

/// A small number: a position, a quantity of a line, an HTTP status.
pub(crate) fn small(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).small_integer().not_null().take()
}

/// Text of at most so many characters.
pub(crate) fn text(name: &'static str, length: u32) -> ColumnDef {
    ColumnDef::new(name).string_len(length).not_null().take()
}

/// A key or a hash.
pub(crate) fn bytes(name: &'static str, length: u32) -> ColumnDef {
    ColumnDef::new(name).var_binary(length).not_null().take()
}

/// An ISO 4217 code.
pub(crate) fn currency() -> ColumnDef {
    ColumnDef::new("currency").char_len(3).not_null().take()
}

/// The same column, which may hold nothing.
pub(crate) fn nullable(mut column: ColumnDef) -> ColumnDef {
    column.null().take()
}

/// A constraint in plain SQL, understood by every engine.
pub(crate) fn check(name: &'static str, condition: &'static str) -> Check {
    Check::named(name, Expr::cust(condition))
}

/// An index of these columns, ascending.
pub(crate) fn index(
    name: &'static str,
    table: &'static str,
    columns: &[&'static str],
) -> IndexCreateStatement {
    let mut index = Index::create().name(name).table(table).take();
    for column in columns {
        index.col(*column);
    }
    index
}

/// The primary key over these columns.
pub(crate) fn primary_key(columns: &[&'static str]) -> IndexCreateStatement {
    let mut key = Index::create();
    for column in columns {
        key.col(*column);
    }
    key.take()
}

/// A reference within one life cycle.
pub(crate) fn belongs_to(
    name: &'static str,
    (table, column): (&'static str, &'static str),
    (owner, key): (&'static str, &'static str),
) -> ForeignKeyCreateStatement {
    ForeignKey::create().name(name).from(table, column).to(owner, key).take()
}
