//! What only administrators do.

use jangteo_application::{
    AdjustStocks, CreateCampaigns, CreateProducts, EditProducts, GrantPointAccounts, Sources,
};

use crate::body;
use crate::config::Settings;

/// The use cases of administrators. The shop holds them so that handlers need the proof that one calls.
#[derive(Debug)]
pub(crate) struct Administration {
    /// Creates products.
    pub(crate) create_product: CreateProducts,
    /// Edits products.
    pub(crate) edit_product: EditProducts,
    /// Adjusts stock.
    pub(crate) adjust_stock: AdjustStocks,
    /// Grants points.
    pub(crate) grant_points: GrantPointAccounts,
    /// Creates coupon campaigns.
    pub(crate) create_campaign: CreateCampaigns,
}

impl Administration {
    /// The use cases with these sources.
    pub(crate) fn new(settings: &Settings, sources: &Sources) -> Self {
        let sources = || sources.clone();
        Self {
            create_product: CreateProducts { sources: sources() },
            edit_product: EditProducts { sources: sources() },
            adjust_stock: AdjustStocks { sources: sources(), render: body::product::adjusted },
            grant_points: GrantPointAccounts {
                sources: sources(),
                limits: settings.points,
                render: body::point::entered,
            },
            create_campaign: CreateCampaigns { sources: sources() },
        }
    }
}
