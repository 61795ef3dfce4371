//! Set-wise statements: one text each, whatever the size of the set (ADR-028).
//!
//! A repository declares its statements as statics over entities; [`crate::lane::Lane`] runs them with a set of rows.
//! The text is made on first use, once for each engine, by [`Engine`]; the rows travel as its parameters.

use std::marker::PhantomData;
use std::sync::OnceLock;

use sea_orm::{
    ColumnTrait, ColumnType, DbBackend, EntityTrait, IdenStatic, Iterable, ModelTrait, PrimaryKeyToColumn,
    Schema, Value,
};

use crate::engine::Engine;

/// What a column holds, as far as a set has to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A UUID.
    Id,
    /// An integer of any width.
    Integer,
    /// Text.
    Text,
    /// An instant in UTC.
    Instant,
    /// A key, a hash, a body.
    Bytes,
}

/// A column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// Whether it may be NULL.
    pub(crate) nullable: bool,
}

/// A table with all its columns, in the order of the entity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Table {
    pub(crate) name: &'static str,
    pub(crate) columns: Vec<Column>,
}

/// A column that an update changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Changed {
    pub(crate) column: Column,
    /// Whether the value is added to what is there, instead of taking its place.
    pub(crate) adds: bool,
}

/// Which rows of a table are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Selected {
    /// The columns that the set has values for.
    pub(crate) keys: Vec<Column>,
    /// A further condition in SQL, on the table called `t`.
    pub(crate) only: Option<&'static str>,
    /// A column of the answer that is not of the table, and the query that it is read by.
    pub(crate) besides: Option<(&'static str, &'static str)>,
    /// Whether and how the rows are locked. An engine with one writer has nothing to do for it.
    pub(crate) lock: Lock,
}

/// Whether rows that are read stay locked until the transaction ends, in the order of the set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lock {
    /// They do not.
    None,
    /// They do, whoever has to be waited for.
    Waiting,
    /// They do, but for those that somebody else has locked, which are left out.
    Skipping,
}

/// A statement that takes a set, as it was made for an engine.
pub(crate) struct Prepared {
    pub(crate) text: String,
    /// What a row of the set holds.
    pub(crate) row: Vec<Column>,
}

/// One statement as it was made for each engine.
struct Texts([OnceLock<Prepared>; Engine::COUNT]);

impl Texts {
    const fn new() -> Self {
        Self([const { OnceLock::new() }; Engine::COUNT])
    }

    fn of(&self, engine: Engine, make: impl FnOnce() -> Prepared) -> &Prepared {
        self.0[engine.index()].get_or_init(make)
    }

    /// The text of a statement that takes no set.
    fn alone(&self, engine: Engine, make: impl FnOnce() -> String) -> &str {
        &self.of(engine, || Prepared { text: make(), row: Vec::new() }).text
    }
}

/// "Insert all these rows."
pub(crate) struct InsertSet<E: EntityTrait> {
    texts: Texts,
    entity: PhantomData<fn() -> E>,
}

/// "Change these columns of these rows", each found by its primary key.
pub(crate) struct UpdateSet<E: EntityTrait> {
    to: &'static [E::Column],
    by: &'static [E::Column],
    texts: Texts,
}

/// "Read all rows under these keys", and perhaps lock them.
pub(crate) struct SelectSet<E: EntityTrait> {
    keys: &'static [E::Column],
    only: Option<&'static str>,
    besides: Option<(E::Column, &'static str)>,
    lock: Lock,
    texts: Texts,
}

/// "Count the rows under each of these keys."
pub(crate) struct CountSet<E: EntityTrait> {
    keys: &'static [E::Column],
    texts: Texts,
}

/// "Delete these rows", each found by its primary key.
pub(crate) struct DeleteSet<E: EntityTrait> {
    texts: Texts,
    entity: PhantomData<fn() -> E>,
}

/// "Delete at most so many rows that are older than this."
pub(crate) struct DeleteBefore<E: EntityTrait> {
    by: E::Column,
    texts: Texts,
}

/// "Read at most so many rows whose time has come."
pub(crate) struct SelectDue<E: EntityTrait> {
    by: E::Column,
    only: &'static str,
    texts: Texts,
}

/// "Lock at most so many rows whose time has come."
pub(crate) struct LockDue<E: EntityTrait> {
    by: E::Column,
    only: &'static str,
    texts: Texts,
}

impl<E: EntityTrait> SelectDue<E> {
    /// Due by this instant, the longest due first, of the rows for which a condition in SQL holds, in which the table is
    /// called `t`. Nothing is locked.
    pub(crate) const fn by_where(by: E::Column, only: &'static str) -> Self {
        Self { by, only, texts: Texts::new() }
    }

    pub(crate) fn text(&self, engine: Engine) -> &str {
        self.texts.alone(engine, || engine.dialect().select_due(&table::<E>(), self.by.as_str(), self.only))
    }
}

impl<E: EntityTrait> LockDue<E> {
    /// Due by this instant, the longest due first, of the rows for which a condition in SQL holds, in which the table is
    /// called `t`.
    pub(crate) const fn by_where(by: E::Column, only: &'static str) -> Self {
        Self { by, only, texts: Texts::new() }
    }

    pub(crate) fn text(&self, engine: Engine) -> &str {
        self.texts.alone(engine, || engine.dialect().lock_due(&table::<E>(), self.by.as_str(), self.only))
    }
}

impl<E: EntityTrait> DeleteSet<E> {
    pub(crate) const fn new() -> Self {
        Self { texts: Texts::new(), entity: PhantomData }
    }

    pub(crate) fn prepared(&self, engine: Engine) -> &Prepared {
        self.texts.of(engine, || {
            let row = key::<E>();
            Prepared { text: engine.dialect().delete(table_name::<E>(), &row), row }
        })
    }
}

impl<E: EntityTrait> DeleteBefore<E> {
    /// Older by this instant, the oldest first.
    pub(crate) const fn by(by: E::Column) -> Self {
        Self { by, texts: Texts::new() }
    }

    pub(crate) fn text(&self, engine: Engine) -> &str {
        self.texts.alone(engine, || {
            engine.dialect().delete_before(table_name::<E>(), &key::<E>(), self.by.as_str())
        })
    }
}

impl<E: EntityTrait> InsertSet<E> {
    pub(crate) const fn new() -> Self {
        Self { texts: Texts::new(), entity: PhantomData }
    }

    pub(crate) fn prepared(&self, engine: Engine) -> &Prepared {
        self.texts.of(engine, || {
            let table = table::<E>();
            Prepared { text: engine.dialect().insert(&table), row: table.columns }
        })
    }

    /// The values of a row, in the order of the text.
    pub(crate) fn row(model: &E::Model) -> Vec<Value> {
        E::Column::iter().map(|column| model.get(column)).collect()
    }
}

impl<E: EntityTrait> UpdateSet<E> {
    /// Sets `to`.
    pub(crate) const fn setting(to: &'static [E::Column]) -> Self {
        Self { to, by: &[], texts: Texts::new() }
    }

    /// Adds to `by` what the rows say; negative numbers take away.
    pub(crate) const fn adding(by: &'static [E::Column]) -> Self {
        Self { to: &[], by, texts: Texts::new() }
    }

    pub(crate) fn prepared(&self, engine: Engine) -> &Prepared {
        self.texts.of(engine, || {
            let to = columns::<E>(self.to).into_iter().map(|column| Changed { column, adds: false });
            let by = columns::<E>(self.by).into_iter().map(|column| Changed { column, adds: true });
            let (keys, changes) = (key::<E>(), to.chain(by).collect::<Vec<_>>());
            let text = engine.dialect().update(table_name::<E>(), &keys, &changes);
            let row = keys.into_iter().chain(changes.into_iter().map(|change| change.column)).collect();
            Prepared { text, row }
        })
    }

    /// The key and the new values of a row, in the order of the text. Not for statements that add.
    pub(crate) fn row(&self, model: &E::Model) -> Vec<Value> {
        let keys = E::PrimaryKey::iter().map(|key| model.get(key.into_column()));
        keys.chain(self.to.iter().map(|column| model.get(*column))).collect()
    }
}

impl<E: EntityTrait> SelectSet<E> {
    /// Reads the rows whose `keys` have the values of the set.
    pub(crate) const fn by(keys: &'static [E::Column]) -> Self {
        Self { keys, only: None, besides: None, lock: Lock::None, texts: Texts::new() }
    }

    /// The same, but only those for which a condition in SQL holds, in which the table is called `t`.
    pub(crate) const fn by_where(keys: &'static [E::Column], condition: &'static str) -> Self {
        Self { keys, only: Some(condition), besides: None, lock: Lock::None, texts: Texts::new() }
    }

    /// The same, with a column that another table has: a query of one value or none, about the row of the table called `t`.
    pub(crate) const fn by_where_with(
        keys: &'static [E::Column],
        condition: &'static str,
        besides: (E::Column, &'static str),
    ) -> Self {
        Self { keys, only: Some(condition), besides: Some(besides), lock: Lock::None, texts: Texts::new() }
    }

    /// Reads the rows and locks them until the transaction ends, in the order of the set, which MUST be ascending.
    pub(crate) const fn locking(keys: &'static [E::Column]) -> Self {
        Self { keys, only: None, besides: None, lock: Lock::Waiting, texts: Texts::new() }
    }

    /// The same, but leaves out the rows that somebody else has locked, and so waits for nobody.
    pub(crate) const fn locking_free(keys: &'static [E::Column]) -> Self {
        Self { keys, only: None, besides: None, lock: Lock::Skipping, texts: Texts::new() }
    }

    pub(crate) fn prepared(&self, engine: Engine) -> &Prepared {
        self.texts.of(engine, || {
            let selected = Selected {
                keys: columns::<E>(self.keys),
                only: self.only,
                besides: self.besides.map(|(column, query)| (column.as_str(), query)),
                lock: self.lock,
            };
            Prepared { text: engine.dialect().select(&table::<E>(), &selected), row: selected.keys }
        })
    }
}

impl<E: EntityTrait> CountSet<E> {
    /// Counts the rows whose `keys` have the values of a row of the set.
    pub(crate) const fn by(keys: &'static [E::Column]) -> Self {
        Self { keys, texts: Texts::new() }
    }

    pub(crate) fn prepared(&self, engine: Engine) -> &Prepared {
        self.texts.of(engine, || {
            let row = columns::<E>(self.keys);
            Prepared { text: engine.dialect().count(table_name::<E>(), &row), row }
        })
    }
}

/// The name of an entity's table.
pub(crate) fn table_name<E: EntityTrait>() -> &'static str {
    E::default().table_name()
}

fn table<E: EntityTrait>() -> Table {
    Table { name: table_name::<E>(), columns: columns::<E>(&E::Column::iter().collect::<Vec<_>>()) }
}

fn key<E: EntityTrait>() -> Vec<Column> {
    columns::<E>(&E::PrimaryKey::iter().map(PrimaryKeyToColumn::into_column).collect::<Vec<_>>())
}

fn columns<E: EntityTrait>(columns: &[E::Column]) -> Vec<Column> {
    // A definition keeps to itself whether its column may be NULL; the table that would be made of it tells.
    let made = Schema::new(DbBackend::Postgres).create_table_from_entity(E::default());
    let nullable = |name| {
        let column = made.get_columns().iter().find(|column| column.get_column_name() == name);
        column.is_none_or(|column| column.get_column_spec().nullable != Some(false))
    };
    let described = columns.iter().map(|column| Column {
        name: column.as_str(),
        kind: kind(column.def().get_column_type()),
        nullable: nullable(column.as_str()),
    });
    described.collect()
}

fn kind(column: &ColumnType) -> Kind {
    match column {
        ColumnType::Uuid => Kind::Id,
        ColumnType::BigInteger | ColumnType::Integer | ColumnType::SmallInteger => Kind::Integer,
        ColumnType::TimestampWithTimeZone => Kind::Instant,
        ColumnType::VarBinary(_) | ColumnType::Binary(_) | ColumnType::Blob => Kind::Bytes,
        _ => Kind::Text,
    }
}
