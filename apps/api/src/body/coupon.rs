//! Coupons.

use std::collections::BTreeSet;

use jangteo_application::Answer;
use jangteo_coupon::{
    Campaign, CampaignDraft, CampaignFault, CampaignState, CouponDiscount, CouponScope, CouponStatus,
    CouponTerms, IssuedCoupon, NewCampaign, Validity,
};
use jangteo_shared_kernel::{BasisPoints, Money, ProductId, Quantity, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::values::{bytes, instant};
use super::{Instant, MoneyBody};
use crate::call::{Body, Terms};
use crate::problem::Faults;

/// A campaign to make.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[schema(example = json!({
    "name": "첫 구매 쿠폰",
    "discount": { "type": "PERCENT", "basisPoints": 1000, "maxAmount": { "amount": 5000, "currency": "KRW" } },
    "minOrderAmount": { "amount": 20000, "currency": "KRW" },
    "scope": { "type": "ALL" },
    "totalQuantity": 500,
    "validDays": 30,
}))]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "an object")]
pub(crate) struct CreateCampaign {
    /// 1 to 200 characters.
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// What a coupon takes off.
    #[schema(value_type = DiscountBody)]
    discount: DiscountRequest,
    /// What the products that a coupon applies to have to cost together at least.
    min_order_amount: Option<MoneyBody>,
    /// Which products a coupon applies to.
    #[schema(value_type = ScopeBody)]
    scope: ScopeRequest,
    /// How many coupons there are, 1 to 10⁹.
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    total_quantity: i64,
    /// How many of them one user may have; 1 unless told.
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    per_user_limit: Option<i64>,
    /// From when coupons can be claimed; from the start unless told.
    #[schema(format = DateTime)]
    claim_from: Option<String>,
    /// From when coupons can no longer be claimed.
    #[schema(format = DateTime)]
    claim_until: Option<String>,
    /// From when coupons can be used.
    #[schema(format = DateTime)]
    valid_from: Option<String>,
    /// From when coupons can no longer be used.
    #[schema(format = DateTime)]
    valid_until: Option<String>,
    /// For how many days of 24 hours from its claim a coupon can be used; excludes `validFrom` and `validUntil`.
    #[schema(minimum = 1, maximum = 36_500)]
    valid_days: Option<i64>,
}

/// What a coupon takes off, as clients write it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "an object with a type")]
struct DiscountRequest {
    #[serde(rename = "type")]
    kind: DiscountType,
    amount: Option<MoneyBody>,
    basis_points: Option<i64>,
    max_amount: Option<MoneyBody>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum DiscountType {
    Fixed,
    Percent,
}

/// Which products a coupon applies to, as clients write it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "an object with a type")]
struct ScopeRequest {
    #[serde(rename = "type")]
    kind: ScopeType,
    product_ids: Option<Vec<String>>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum ScopeType {
    All,
    Products,
}

/// A campaign to make, as it is meant.
#[derive(Debug)]
pub(crate) struct MeantCampaign {
    /// The campaign.
    pub(crate) new: NewCampaign,
    /// The products that it lists in the order of the request, for pointers.
    pub(crate) products: Vec<ProductId>,
}

impl Body for CreateCampaign {
    type Meaning = MeantCampaign;

    /// Where a field cannot be read, something harmless stands in, so that all other faults are told too.
    fn read(self, terms: Terms, faults: &mut Faults) -> Option<MeantCampaign> {
        let name = faults.check("/name", self.name.parse()).or_else(|| "?".parse().ok())?;
        let discount = self.discount.read(terms, faults);
        let minimum_order =
            self.min_order_amount.map(|money| amount(&money, "/minOrderAmount", terms, faults));
        let products = self.scope.read(faults);
        let scope = products.as_ref().map_or(CouponScope::All, |products| {
            CouponScope::Products(products.iter().copied().collect::<BTreeSet<_>>())
        });
        let mut moment =
            |pointer: &str, text: Option<String>| text.and_then(|text| faults.check(pointer, instant(&text)));
        let draft = CampaignDraft {
            name,
            terms: CouponTerms { discount, minimum_order, scope },
            total: count(self.total_quantity),
            per_user: self.per_user_limit.map_or(Quantity::ONE, count),
            claim_from: moment("/claimFrom", self.claim_from),
            claim_until: moment("/claimUntil", self.claim_until),
            valid_from: moment("/validFrom", self.valid_from),
            valid_until: moment("/validUntil", self.valid_until),
            valid_days: self.valid_days.map(|days| u32::try_from(days).unwrap_or_default()),
        };
        match NewCampaign::check(draft, terms.currency) {
            Ok(new) => Some(MeantCampaign { new, products: products.unwrap_or_default() }),
            Err(invalid) => {
                for fault in invalid.faults {
                    faults.add(pointer(fault), fault.to_string());
                }
                None
            }
        }
    }
}

impl DiscountRequest {
    fn read(self, terms: Terms, faults: &mut Faults) -> CouponDiscount {
        let placeholder = Money::new(1, terms.currency);
        match self.kind {
            DiscountType::Fixed => {
                if self.basis_points.is_some() {
                    faults.add("/discount/basisPoints", "is for PERCENT only");
                }
                if self.max_amount.is_some() {
                    faults.add("/discount/maxAmount", "is for PERCENT only");
                }
                let Some(money) = self.amount else {
                    faults.add("/discount/amount", "is required for FIXED");
                    return CouponDiscount::Fixed(placeholder);
                };
                CouponDiscount::Fixed(amount(&money, "/discount/amount", terms, faults))
            }
            DiscountType::Percent => {
                if self.amount.is_some() {
                    faults.add("/discount/amount", "is for FIXED only");
                }
                let rate = match self.basis_points {
                    None => Err("is required for PERCENT".to_owned()),
                    Some(points) => u32::try_from(points)
                        .ok()
                        .and_then(|points| BasisPoints::new(points).ok())
                        .ok_or_else(|| CampaignFault::DiscountRate.to_string()),
                };
                let rate = faults.check("/discount/basisPoints", rate).unwrap_or(BasisPoints::WHOLE);
                let maximum =
                    self.max_amount.map(|money| amount(&money, "/discount/maxAmount", terms, faults));
                CouponDiscount::Percent { rate, maximum }
            }
        }
    }
}

impl ScopeRequest {
    /// The products that are listed; `None` is all.
    fn read(self, faults: &mut Faults) -> Option<Vec<ProductId>> {
        match (self.kind, self.product_ids) {
            (ScopeType::All, None) => None,
            (ScopeType::All, Some(_)) => {
                faults.add("/scope/productIds", "is for PRODUCTS only");
                None
            }
            (ScopeType::Products, None) => {
                faults.add("/scope/productIds", "is required for PRODUCTS");
                None
            }
            (ScopeType::Products, Some(ids)) => {
                let mut product = |(index, id): (usize, &String)| {
                    let id = id.parse().map_err(|_| "must be a UUID");
                    faults.check(format!("/scope/productIds/{index}"), id)
                };
                let products: Vec<Option<ProductId>> = ids.iter().enumerate().map(&mut product).collect();
                products.into_iter().collect()
            }
        }
    }
}

/// The amount; where its currency is wrong, which is noted, as if it were right.
fn amount(money: &MoneyBody, pointer: &str, terms: Terms, faults: &mut Faults) -> Money {
    money.read(pointer, terms, faults).unwrap_or(Money::new(money.amount, terms.currency))
}

/// A count; what is none counts nothing, which is a fault of the campaign.
fn count(number: i64) -> Quantity {
    Quantity::try_from(number).unwrap_or(Quantity::ZERO)
}

/// The field that a fault of a campaign is about.
const fn pointer(fault: CampaignFault) -> &'static str {
    match fault {
        CampaignFault::DiscountAmount => "/discount/amount/amount",
        CampaignFault::DiscountRate => "/discount/basisPoints",
        CampaignFault::DiscountMaximum => "/discount/maxAmount/amount",
        CampaignFault::MinimumOrder => "/minOrderAmount/amount",
        CampaignFault::Scope => "/scope/productIds",
        CampaignFault::Total => "/totalQuantity",
        CampaignFault::PerUser => "/perUserLimit",
        CampaignFault::ClaimWindow => "/claimUntil",
        CampaignFault::ValidityWindow => "/validUntil",
        CampaignFault::ValidDays | CampaignFault::ValidDaysAndDates => "/validDays",
    }
}

/// What a coupon takes off what the products cost that it applies to.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CouponDiscount)]
#[serde(tag = "type", rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum DiscountBody {
    /// An amount, or all if that is less.
    #[serde(rename_all = "camelCase")]
    Fixed {
        /// Above zero.
        amount: MoneyBody,
    },
    /// A share, rounded down.
    #[serde(rename_all = "camelCase")]
    Percent {
        /// Hundredths of a percent.
        #[schema(minimum = 1, maximum = 10_000)]
        basis_points: u32,
        /// No more than that.
        max_amount: Option<MoneyBody>,
    },
}

impl From<&CouponDiscount> for DiscountBody {
    fn from(discount: &CouponDiscount) -> Self {
        match *discount {
            CouponDiscount::Fixed(amount) => Self::Fixed { amount: amount.into() },
            CouponDiscount::Percent { rate, maximum } => {
                Self::Percent { basis_points: rate.get(), max_amount: maximum.map(Into::into) }
            }
        }
    }
}

/// Which products a coupon applies to.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CouponScope)]
#[serde(tag = "type", rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum ScopeBody {
    /// Every product.
    All,
    /// These products.
    #[serde(rename_all = "camelCase")]
    Products {
        /// 1 to 1,000 products.
        #[schema(min_items = 1, max_items = 1_000, value_type = Vec<Uuid>)]
        product_ids: Vec<String>,
    },
}

impl From<&CouponScope> for ScopeBody {
    fn from(scope: &CouponScope) -> Self {
        match scope {
            CouponScope::All => Self::All,
            CouponScope::Products(products) => {
                Self::Products { product_ids: products.iter().map(ToString::to_string).collect() }
            }
        }
    }
}

/// Where a campaign is in its life.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[schema(as = CampaignState)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum CampaignStateBody {
    /// Its coupons cannot be claimed yet.
    Scheduled,
    /// They can be claimed.
    Open,
    /// All of them are claimed.
    SoldOut,
    /// They can no longer be claimed.
    Closed,
}

impl From<CampaignState> for CampaignStateBody {
    fn from(state: CampaignState) -> Self {
        match state {
            CampaignState::Scheduled => Self::Scheduled,
            CampaignState::Open => Self::Open,
            CampaignState::SoldOut => Self::SoldOut,
            CampaignState::Closed => Self::Closed,
        }
    }
}

/// A campaign that hands coupons out.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Campaign)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CampaignBody {
    #[schema(format = Uuid)]
    id: String,
    name: String,
    discount: DiscountBody,
    /// What the products that a coupon applies to have to cost together at least.
    #[schema(required)]
    min_order_amount: Option<MoneyBody>,
    scope: ScopeBody,
    total_quantity: u32,
    per_user_limit: u32,
    #[schema(required)]
    claim_from: Option<Instant>,
    #[schema(required)]
    claim_until: Option<Instant>,
    #[schema(required)]
    valid_from: Option<Instant>,
    #[schema(required)]
    valid_until: Option<Instant>,
    /// For how many days of 24 hours from its claim a coupon can be used.
    #[schema(required)]
    valid_days: Option<u16>,
    /// How many coupons are claimed.
    claimed: u32,
    /// How many coupons are left.
    remaining: u32,
    state: CampaignStateBody,
    created_at: Instant,
}

impl CampaignBody {
    /// The campaign as it is at `now`.
    pub(crate) fn of(campaign: &Campaign, now: Timestamp) -> Self {
        let Campaign { terms, allotment, .. } = campaign;
        let (valid_from, valid_until, valid_days) = match allotment.validity {
            Validity::Window { from, until } => (from, until, None),
            Validity::FromClaim { days } => (None, None, Some(days)),
        };
        Self {
            id: campaign.id.to_string(),
            name: campaign.name.as_str().to_owned(),
            discount: (&terms.discount).into(),
            min_order_amount: terms.minimum_order.map(Into::into),
            scope: (&terms.scope).into(),
            total_quantity: allotment.total.get(),
            per_user_limit: allotment.per_user.get(),
            claim_from: allotment.claim_from.map(Into::into),
            claim_until: allotment.claim_until.map(Into::into),
            valid_from: valid_from.map(Into::into),
            valid_until: valid_until.map(Into::into),
            valid_days,
            claimed: allotment.claimed.get(),
            remaining: allotment.remaining().get(),
            state: allotment.state(now).into(),
            created_at: campaign.created_at.into(),
        }
    }
}

/// Where a coupon is in its life.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[schema(as = CouponStatus)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum CouponStatusBody {
    /// It was not used yet, or was given back.
    Issued,
    /// An order has used it.
    Used,
    /// It was not used in time.
    Expired,
}

impl From<CouponStatus> for CouponStatusBody {
    fn from(status: CouponStatus) -> Self {
        match status {
            CouponStatus::Issued => Self::Issued,
            CouponStatus::Used => Self::Used,
            CouponStatus::Expired => Self::Expired,
        }
    }
}

/// A coupon in the hands of a user.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = IssuedCoupon)]
#[serde(rename_all = "camelCase")]
pub(crate) struct IssuedCouponBody {
    #[schema(format = Uuid)]
    id: String,
    /// The campaign.
    #[schema(format = Uuid)]
    coupon_id: String,
    #[schema(format = Uuid)]
    user_id: String,
    /// Its place among all coupons of the campaign, from 1, without gaps.
    sequence: u32,
    status: CouponStatusBody,
    /// From when it can be used; null is from the claim.
    #[schema(required)]
    valid_from: Option<Instant>,
    /// From when it can no longer be used; null is never.
    #[schema(required)]
    valid_until: Option<Instant>,
    claimed_at: Instant,
}

impl IssuedCouponBody {
    /// The coupon as it is at `now`.
    pub(crate) fn of(coupon: &IssuedCoupon, now: Timestamp) -> Self {
        Self {
            id: coupon.id.to_string(),
            coupon_id: coupon.campaign.to_string(),
            user_id: coupon.user.to_string(),
            sequence: coupon.sequence,
            status: coupon.status(now).into(),
            valid_from: coupon.valid_from.map(Into::into),
            valid_until: coupon.valid_until.map(Into::into),
            claimed_at: coupon.claimed_at.into(),
        }
    }
}

/// The answer to a claim.
pub(crate) fn claimed(coupon: &IssuedCoupon) -> Answer {
    let body = IssuedCouponBody::of(coupon, coupon.claimed_at);
    // A coupon has no address of its own; the list that it stands in has.
    let location = Some("/api/v1/users/me/coupons".to_owned());
    Answer { status: 201, location, body: bytes(&body) }
}
