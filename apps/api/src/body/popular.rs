//! Popular products.

use jangteo_application::{PopularProduct, Popularity};
use jangteo_ranking::RankingPeriod;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Instant, MoneyBody};

/// The products that sell best.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Ranking)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RankingBody {
    /// As it was asked for.
    #[schema(example = "last-7-days")]
    window: &'static str,
    /// The beginning of the first day.
    from: Instant,
    /// The end of the last day, exclusive.
    until: Instant,
    /// Everything that was paid or refunded before this instant is counted.
    as_of: Instant,
    /// The products, the best first.
    items: Vec<RankedProduct>,
}

/// A product and its place.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RankedProduct {
    /// Its place, from 1.
    #[schema(example = 1)]
    rank: usize,
    #[schema(value_type = Uuid)]
    product_id: String,
    /// What it is called now.
    #[schema(example = "머그컵")]
    name: String,
    /// What one unit costs now.
    price: MoneyBody,
    /// Whether no unit is left.
    sold_out: bool,
    /// Units sold, less those refunded.
    #[schema(example = 42)]
    units: i64,
    /// What was paid for them after discounts, less what was refunded.
    revenue: MoneyBody,
}

impl RankingBody {
    /// A ranking that was asked for as `window`.
    pub(crate) fn of(window: &'static str, period: &RankingPeriod, ranking: &Popularity) -> Self {
        let items = (1..).zip(&ranking.products);
        Self {
            window,
            from: period.from.into(),
            until: period.until.into(),
            as_of: ranking.as_of.into(),
            items: items.map(|(rank, product)| RankedProduct::of(rank, product)).collect(),
        }
    }
}

impl RankedProduct {
    fn of(rank: usize, product: &PopularProduct) -> Self {
        Self {
            rank,
            product_id: product.sales.product.to_string(),
            name: product.name.to_string(),
            price: product.price.money().into(),
            sold_out: product.sold_out,
            units: product.sales.units,
            revenue: product.sales.revenue.into(),
        }
    }
}
