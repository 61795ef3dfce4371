//! What answers are kept under.

use std::fmt;

use jangteo_product::{ProductSort, ProductStatus};
use jangteo_shared_kernel::{ProductId, Timestamp};

use super::writes::Topic;

/// Which answer. There are only so many of each kind but products: a search by name or a later page is not kept.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum AnswerName {
    /// A product.
    Product(ProductId),
    /// The first page of a list of products.
    Products {
        /// Which status.
        status: ProductStatus,
        /// In which order.
        sort: ProductSort,
        /// How many.
        limit: u16,
    },
    /// A ranking.
    Popular {
        /// The name of its window.
        window: &'static str,
        /// The first instant of its days.
        from: Timestamp,
        /// The first instant after them.
        until: Timestamp,
        /// How many products.
        limit: u16,
    },
}

impl AnswerName {
    /// Whose change makes the answer old.
    pub(super) fn topic(&self) -> Topic {
        match self {
            Self::Product(id) => Topic::Product(*id),
            Self::Products { .. } => Topic::Stock,
            Self::Popular { .. } => Topic::Catalogue,
        }
    }
}

/// The name among those of all instances.
impl fmt::Display for AnswerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Product(id) => write!(f, "product:{id}"),
            Self::Products { status, sort, limit } => write!(f, "products:{status:?}:{sort:?}:{limit}"),
            Self::Popular { window, from, until, limit } => {
                let (from, until) = (from.timestamp_millis(), until.timestamp_millis());
                write!(f, "popular:{window}:{from}:{until}:{limit}")
            }
        }
    }
}
