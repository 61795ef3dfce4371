//! Where a page begins.

use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, Value};

/// The rows behind a position, newest or highest first: `(column, id) < (value, id)`.
///
/// As one comparison of rows, so that an index on both columns begins to read right there.
pub(crate) fn below(columns: [impl ColumnTrait; 2], position: [Value; 2]) -> Expr {
    row(columns).lt(Expr::tuple(position.map(Expr::val)))
}

/// The rows behind a position, lowest first: `(column, id) > (value, id)`.
pub(crate) fn above(columns: [impl ColumnTrait; 2], position: [Value; 2]) -> Expr {
    row(columns).gt(Expr::tuple(position.map(Expr::val)))
}

fn row(columns: [impl ColumnTrait; 2]) -> Expr {
    Expr::tuple(columns.map(ColumnTrait::into_expr))
}
