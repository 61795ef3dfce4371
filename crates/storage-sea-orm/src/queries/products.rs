//! Products outside transactions.

use jangteo_product::{Product, ProductFilter, ProductList, ProductPosition, ProductQueries, ProductSort};
use jangteo_shared_kernel::{Page, ProductId, StorageError};
use sea_orm::{
    ColumnTrait, DatabaseConnection, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select, SelectTwo,
};

use super::keyset;
use crate::SeaOrmStorage;
use crate::engine::Engine;
use crate::entity::products::Column;
use crate::entity::{product_stock, products};
use crate::lane::Lane;
use crate::names::Named;
use crate::rows;

type WithStock = SelectTwo<products::Entity, product_stock::Entity>;

async fn products(lane: &Lane<DatabaseConnection>, query: &WithStock) -> Result<Vec<Product>, StorageError> {
    let found = lane.all_two(query).await?;
    found.iter().map(|(row, stock)| rows::products::product(row, stock.as_ref())).collect()
}

impl ProductQueries for SeaOrmStorage {
    async fn find_product(&self, id: ProductId) -> Result<Option<Product>, StorageError> {
        let query = products::Entity::find_by_id(id.as_uuid()).find_also_related(product_stock::Entity);
        Ok(products(&self.reader, &query).await?.pop())
    }

    async fn list_products(
        &self,
        list: &ProductList,
    ) -> Result<Page<Product, ProductPosition>, StorageError> {
        let behind = list.page.after.as_ref().map(row_at);
        let found = self.may_be_late(behind, |lane| page(lane, list)).await?;
        Ok(Page::from_rows(found, list.page.limit, |product| list.sort.position(product)))
    }
}

/// The products of a page, and the one behind it that tells that there is another.
async fn page(lane: &Lane<DatabaseConnection>, list: &ProductList) -> Result<Vec<Product>, StorageError> {
    let rows = list.page.limit.rows();
    let mut found = Vec::new();
    for range in ranges(lane.engine, list) {
        let left = rows.saturating_sub(u64::try_from(found.len()).unwrap_or(rows));
        if left > 0 {
            found.extend(products(lane, &range.limit(left)).await?);
        }
    }
    Ok(found)
}

/// The product at which a page ended.
fn row_at(position: &ProductPosition) -> Select<products::Entity> {
    let (ProductPosition::Newest { id, .. }
    | ProductPosition::Price { id, .. }
    | ProductPosition::Name { id, .. }) = position;
    products::Entity::find_by_id(id.as_uuid())
}

/// The ranges of an index that a page is read from, one after the other until it is full. One, but for a further page
/// of the dearest first: prices descend there while ids ascend, which is two ranges.
fn ranges(engine: Engine, list: &ProductList) -> Vec<WithStock> {
    let all = || of_filter(&list.filter);
    match (list.sort, &list.page.after) {
        (ProductSort::Newest, after) => {
            let query = all().order_by_desc(Column::CreatedAt).order_by_desc(Column::Id);
            vec![match after {
                Some(ProductPosition::Newest { created_at, id }) => {
                    let position = [(*created_at).into(), id.as_uuid().into()];
                    query.filter(keyset::below(engine, [Column::CreatedAt, Column::Id], position))
                }
                _ => query,
            }]
        }
        (ProductSort::PriceAscending, after) => {
            let query = all().order_by_asc(Column::PriceAmount).order_by_asc(Column::Id);
            vec![match after {
                Some(ProductPosition::Price { amount, id }) => {
                    let position = [(*amount).into(), id.as_uuid().into()];
                    query.filter(keyset::above(engine, [Column::PriceAmount, Column::Id], position))
                }
                _ => query,
            }]
        }
        (ProductSort::PriceDescending, after) => {
            let query = || all().order_by_desc(Column::PriceAmount).order_by_asc(Column::Id);
            match after {
                Some(ProductPosition::Price { amount, id }) => vec![
                    query().filter(Column::PriceAmount.eq(*amount)).filter(Column::Id.gt(id.as_uuid())),
                    query().filter(Column::PriceAmount.lt(*amount)),
                ],
                _ => vec![query()],
            }
        }
        (ProductSort::Name, after) => vec![by_name(engine, &list.filter, after.as_ref())],
    }
}

/// One lower bound, not two: SQLite begins to read at the first that it finds, and a page far behind the beginning of
/// a prefix would walk there. A position before the prefix is the start of it.
fn by_name(engine: Engine, filter: &ProductFilter, after: Option<&ProductPosition>) -> WithStock {
    let query = of_status(filter).order_by_asc(Column::NameKey).order_by_asc(Column::Id);
    let from = match (after, &filter.name_prefix) {
        (Some(ProductPosition::Name { key, id }), prefix)
            if prefix.as_ref().is_none_or(|prefix| prefix <= key) =>
        {
            Some(keyset::above(
                engine,
                [Column::NameKey, Column::Id],
                [key.as_str().into(), id.as_uuid().into()],
            ))
        }
        (_, prefix) => prefix.as_ref().map(|prefix| Column::NameKey.gte(prefix.as_str())),
    };
    let until = filter.name_prefix.as_ref().and_then(|prefix| end_of(prefix.as_str()));
    let until = until.map(|end| Column::NameKey.lt(end));
    from.into_iter().chain(until).fold(query, QueryFilter::filter)
}

fn of_status(filter: &ProductFilter) -> WithStock {
    let query = products::Entity::find().find_also_related(product_stock::Entity);
    query.filter(Column::Status.eq(filter.status.name()))
}

fn of_filter(filter: &ProductFilter) -> WithStock {
    let query = of_status(filter);
    let Some(prefix) = &filter.name_prefix else { return query };
    let query = query.filter(Column::NameKey.gte(prefix.as_str()));
    match end_of(prefix.as_str()) {
        Some(end) => query.filter(Column::NameKey.lt(end)),
        None => query,
    }
}

/// The first text behind all that begin with the prefix, by bytes and so by code points: its last character is one
/// further. Nothing is behind those that begin with nothing but the last character there is.
fn end_of(prefix: &str) -> Option<String> {
    let rest = prefix.trim_end_matches(char::MAX);
    let last = rest.chars().next_back()?;
    // A range of characters steps over the surrogates.
    let further = (last..=char::MAX).nth(1)?;
    Some(format!("{}{further}", &rest[..rest.len() - last.len_utf8()]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_prefix_is_right_behind_it() {
        assert_eq!(end_of("mug").as_deref(), Some("muh"));
        assert_eq!(end_of("머그").as_deref(), Some("머극"));
        assert_eq!(end_of("a\u{d7ff}").as_deref(), Some("a\u{e000}"));
        assert_eq!(end_of("a\u{10ffff}\u{10ffff}").as_deref(), Some("b"));
        assert_eq!(end_of("\u{10ffff}"), None);
        assert_eq!(end_of(""), None);
    }
}
