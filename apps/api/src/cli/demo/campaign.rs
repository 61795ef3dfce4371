//! The coupon campaign of the demo shop.

use jangteo_application::submit;
use jangteo_coupon::{CampaignDraft, CampaignName, CouponDiscount, CouponQueries, CouponScope, NewCampaign};
use jangteo_shared_kernel::{Limit, Money, PageRequest, Quantity};

use super::Demo;

const NAME: &str = "첫 구매 3,000원 할인 (3,000 won off)";

impl Demo<'_> {
    /// Sees to it that there is a campaign whose coupons can be claimed, and says how many are new.
    pub(super) async fn campaigns(&self) -> anyhow::Result<usize> {
        let name: CampaignName = NAME.parse()?;
        if self.has_campaign(&name).await? {
            return Ok(0);
        }
        let currency = self.settings.currency;
        let discount = CouponDiscount::Fixed(Money::new(3_000, currency));
        let mut draft = CampaignDraft::new(name, discount, CouponScope::All, Quantity::new(100)?);
        draft.terms.minimum_order = Some(Money::new(20_000, currency));
        draft.valid_days = Some(30);
        let sources = self.days_ago(7);
        let create_campaign = self.administration(&sources).create_campaign;
        let new = NewCampaign::check(draft, currency)?;
        submit(&self.shop.storage, &create_campaign, &sources, new).await?;
        Ok(1)
    }

    async fn has_campaign(&self, name: &CampaignName) -> anyhow::Result<bool> {
        let mut after = None;
        loop {
            let page = PageRequest { limit: Limit::DEFAULT, after };
            let found = self.shop.storage.list_campaigns(&page).await?;
            if found.items.iter().any(|campaign| campaign.name == *name) {
                return Ok(true);
            }
            if found.next.is_none() {
                return Ok(false);
            }
            after = found.next;
        }
    }
}
