//! Making coupon campaigns.

use jangteo_coupon::{Campaign, CampaignRepository, NewCampaign};
use jangteo_shared_kernel::StorageError;
use serde_json::json;

use crate::outbox::{event, tell};
use crate::{Aggregate, Event, EventKind, Outbox, SetUseCase, Sources};

/// Creates campaigns.
#[derive(Debug, Clone)]
pub struct CreateCampaigns {
    /// Time and chance.
    pub sources: Sources,
}

impl<Tx> SetUseCase<Tx> for CreateCampaigns
where
    Tx: CampaignRepository + Outbox,
{
    type Command = NewCampaign;
    type Verdict = Campaign;

    async fn decide(&self, tx: &mut Tx, commands: &[NewCampaign]) -> Result<Vec<Campaign>, StorageError> {
        let now = self.sources.now();
        let create = |new: &NewCampaign| Campaign::create(self.sources.id(now), new.clone(), now);
        let campaigns: Vec<Campaign> = commands.iter().map(create).collect();
        let told = |campaign: &Campaign| -> Event {
            let data = json!({ "totalQuantity": campaign.allotment.total.get() });
            event(&self.sources, now, EventKind::CouponCreated, (Aggregate::Campaign, campaign.id, 1), data)
        };
        tx.insert_campaigns(&campaigns).await?;
        tell(tx, campaigns.iter().map(told).collect()).await?;
        Ok(campaigns)
    }
}
