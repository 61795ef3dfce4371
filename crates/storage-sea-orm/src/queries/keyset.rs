//! Where a page begins.

use sea_orm::sea_query::{BinOper, Expr, ExprTrait};
use sea_orm::{ColumnTrait, Value};

use crate::engine::Engine;

/// The rows behind a position, newest or highest first: `(column, id) < (value, id)`.
///
/// As one comparison of rows, so that an index on both columns begins to read right there. An engine that does not seek
/// by such a comparison is told `column <= value` besides.
pub(crate) fn below(engine: Engine, columns: [impl ColumnTrait; 2], position: [Value; 2]) -> Expr {
    behind(engine, columns, position, [BinOper::SmallerThan, BinOper::SmallerThanOrEqual])
}

/// The rows behind a position, lowest first: `(column, id) > (value, id)`.
pub(crate) fn above(engine: Engine, columns: [impl ColumnTrait; 2], position: [Value; 2]) -> Expr {
    behind(engine, columns, position, [BinOper::GreaterThan, BinOper::GreaterThanOrEqual])
}

fn behind(
    engine: Engine,
    columns: [impl ColumnTrait; 2],
    position: [Value; 2],
    [beyond, from]: [BinOper; 2],
) -> Expr {
    let first = columns[0].into_expr().binary(from, position[0].clone());
    let row = Expr::tuple(columns.map(ColumnTrait::into_expr));
    let rest = row.binary(beyond, Expr::tuple(position.map(Expr::val)));
    if engine.dialect().seeks_rows() { rest } else { first.and(rest) }
}
