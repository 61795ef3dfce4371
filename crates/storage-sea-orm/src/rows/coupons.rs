//! Campaigns, each a row of terms, a row of its allotment and a row for every product that it lists; and the coupons
//! that they have issued.

use std::collections::{BTreeMap, BTreeSet};

use jangteo_coupon::{
    Allotment, Campaign, Claimant, CouponDiscount, CouponScope, CouponTerms, CouponUse, IssuedCoupon,
    Validity,
};
use jangteo_shared_kernel::{
    BasisPoints, CouponId, Currency, IssuedCouponId, Money, OrderId, ProductId, Quantity, StorageError,
    UserId,
};
use sea_orm::Value;
use uuid::Uuid;

use crate::entity::{campaign_allotments, campaign_products, campaigns, issued_coupons};
use crate::error::Place;
use crate::names::Named;

/// How a discount is named in the tables.
pub(crate) enum DiscountKind {
    Fixed,
    Percent,
}

/// How a scope is named in the tables.
#[derive(PartialEq, Eq)]
pub(crate) enum ScopeKind {
    All,
    Products,
}

pub(crate) fn campaign_row(campaign: &Campaign) -> Result<campaigns::Model, StorageError> {
    let place = Place { table: "campaigns", id: &campaign.id };
    let CouponTerms { discount, minimum_order, scope } = &campaign.terms;
    let (kind, amount, rate, maximum) = match *discount {
        CouponDiscount::Fixed(amount) => (DiscountKind::Fixed, Some(amount), None, None),
        CouponDiscount::Percent { rate, maximum } => {
            let rate = place.written("discount_rate", i16::try_from(rate.get()))?;
            (DiscountKind::Percent, None, Some(rate), maximum)
        }
    };
    let scope = match scope {
        CouponScope::All => ScopeKind::All,
        CouponScope::Products(_) => ScopeKind::Products,
    };
    let currencies: BTreeSet<String> = [amount, maximum, *minimum_order]
        .into_iter()
        .flatten()
        .map(|money| money.currency().into())
        .collect();
    if currencies.len() > 1 {
        return place.written("currency", Err("its amounts are of several currencies"));
    }
    Ok(campaigns::Model {
        id: campaign.id.as_uuid(),
        name: campaign.name.as_str().to_owned(),
        discount_kind: kind.name().to_owned(),
        discount_amount: amount.map(Money::amount),
        discount_rate: rate,
        discount_maximum: maximum.map(Money::amount),
        minimum_order: minimum_order.map(Money::amount),
        currency: currencies.into_iter().next(),
        scope: scope.name().to_owned(),
        created_at: campaign.created_at,
    })
}

pub(crate) fn allotment_row(allotment: &Allotment) -> campaign_allotments::Model {
    let (valid_from, valid_until, valid_days) = match allotment.validity {
        Validity::Window { from, until } => (from, until, None),
        Validity::FromClaim { days } => (None, None, Some(days.into())),
    };
    campaign_allotments::Model {
        campaign_id: allotment.campaign.as_uuid(),
        total: allotment.total.into(),
        claimed: allotment.claimed.into(),
        per_user: allotment.per_user.into(),
        claim_from: allotment.claim_from,
        claim_until: allotment.claim_until,
        valid_from,
        valid_until,
        valid_days,
    }
}

/// The products that a campaign lists, if it lists any.
pub(crate) fn product_rows(campaign: &Campaign) -> impl Iterator<Item = campaign_products::Model> {
    let listed = match &campaign.terms.scope {
        CouponScope::All => None,
        CouponScope::Products(products) => Some(products),
    };
    let campaign_id = campaign.id.as_uuid();
    listed
        .into_iter()
        .flatten()
        .map(move |product| campaign_products::Model { campaign_id, product_id: product.as_uuid() })
}

pub(crate) fn coupon_row(coupon: &IssuedCoupon) -> issued_coupons::Model {
    issued_coupons::Model {
        id: coupon.id.as_uuid(),
        campaign_id: coupon.campaign.as_uuid(),
        user_id: coupon.user.as_uuid(),
        sequence: coupon.sequence.into(),
        nth: coupon.nth.into(),
        claimed_at: coupon.claimed_at,
        valid_from: coupon.valid_from,
        valid_until: coupon.valid_until,
        used_order_id: coupon.used.map(|used| used.order.as_uuid()),
        used_at: coupon.used.map(|used| used.used_at),
        version: coupon.version,
    }
}

/// The keys of the campaigns that list products.
pub(crate) fn listing<'a>(rows: impl IntoIterator<Item = &'a campaigns::Model>) -> Vec<Vec<Value>> {
    let lists = |row: &&campaigns::Model| row.scope == ScopeKind::Products.name();
    rows.into_iter().filter(lists).map(|row| vec![row.id.into()]).collect()
}

/// The products that campaigns list, which come in any order.
pub(crate) struct Listed(BTreeMap<Uuid, BTreeSet<ProductId>>);

impl Listed {
    pub(crate) fn of(rows: Vec<campaign_products::Model>) -> Self {
        let mut listed: BTreeMap<Uuid, BTreeSet<ProductId>> = BTreeMap::new();
        for row in rows {
            listed.entry(row.campaign_id).or_default().insert(ProductId::from_uuid(row.product_id));
        }
        Self(listed)
    }
}

pub(crate) fn terms(row: &campaigns::Model, listed: &mut Listed) -> Result<CouponTerms, StorageError> {
    let id = CouponId::from_uuid(row.id);
    let place = Place { table: "campaigns", id: &id };
    let currency: Option<Currency> =
        row.currency.as_ref().map(|currency| place.read("currency", currency.parse())).transpose()?;
    let money = |amount: Option<i64>| {
        let money = |amount| Ok(Money::new(amount, place.present("currency", currency)?));
        amount.map(money).transpose()
    };
    let discount = match place.named("discount_kind", &row.discount_kind)? {
        DiscountKind::Fixed => {
            CouponDiscount::Fixed(place.present("discount_amount", money(row.discount_amount)?)?)
        }
        DiscountKind::Percent => {
            let rate = place.present("discount_rate", row.discount_rate)?;
            let rate = place.read("discount_rate", u32::try_from(rate))?;
            CouponDiscount::Percent {
                rate: place.read("discount_rate", BasisPoints::new(rate))?,
                maximum: money(row.discount_maximum)?,
            }
        }
    };
    let scope = match place.named("scope", &row.scope)? {
        ScopeKind::All => CouponScope::All,
        ScopeKind::Products => CouponScope::Products(listed.0.remove(&row.id).unwrap_or_default()),
    };
    Ok(CouponTerms { discount, minimum_order: money(row.minimum_order)?, scope })
}

pub(crate) fn allotment(row: &campaign_allotments::Model) -> Result<Allotment, StorageError> {
    let campaign = CouponId::from_uuid(row.campaign_id);
    let place = Place { table: "campaign_allotments", id: &campaign };
    let count = |column, count| place.read(column, Quantity::try_from(count));
    let validity = match row.valid_days {
        None => Validity::Window { from: row.valid_from, until: row.valid_until },
        Some(days) => Validity::FromClaim { days: place.read("valid_days", u16::try_from(days))? },
    };
    Ok(Allotment {
        campaign,
        total: count("total", row.total)?,
        claimed: count("claimed", row.claimed)?,
        per_user: count("per_user", row.per_user)?,
        claim_from: row.claim_from,
        claim_until: row.claim_until,
        validity,
    })
}

/// A campaign of its rows.
pub(crate) fn campaign(
    row: &campaigns::Model,
    allotment_row: Option<&campaign_allotments::Model>,
    listed: &mut Listed,
) -> Result<Campaign, StorageError> {
    let id = CouponId::from_uuid(row.id);
    let place = Place { table: "campaigns", id: &id };
    let allotment_place = Place { table: "campaign_allotments", id: &id };
    Ok(Campaign {
        id,
        name: place.read("name", row.name.parse())?,
        terms: terms(row, listed)?,
        allotment: allotment(allotment_place.present("campaign_id", allotment_row)?)?,
        created_at: row.created_at,
    })
}

pub(crate) fn coupon(row: &issued_coupons::Model) -> Result<IssuedCoupon, StorageError> {
    let id = IssuedCouponId::from_uuid(row.id);
    let place = Place { table: "issued_coupons", id: &id };
    let used = match row.used_order_id {
        None => None,
        Some(order) => Some(CouponUse {
            order: OrderId::from_uuid(order),
            used_at: place.present("used_at", row.used_at)?,
        }),
    };
    Ok(IssuedCoupon {
        id,
        campaign: CouponId::from_uuid(row.campaign_id),
        user: UserId::from_uuid(row.user_id),
        sequence: place.read("sequence", row.sequence.try_into())?,
        nth: place.read("nth", row.nth.try_into())?,
        claimed_at: row.claimed_at,
        valid_from: row.valid_from,
        valid_until: row.valid_until,
        used,
        version: row.version,
    })
}

/// The key that a claimant's coupons are counted by.
pub(crate) fn claimant_key(claimant: &Claimant) -> Vec<Value> {
    vec![claimant.user.as_uuid().into(), claimant.campaign.as_uuid().into()]
}

/// The counts of claimants' coupons, which come in their order.
pub(crate) fn claims_of(
    claimants: &BTreeSet<Claimant>,
    counts: Vec<i64>,
) -> Result<BTreeMap<Claimant, Quantity>, StorageError> {
    let counts = claimants.iter().zip(counts).map(|(claimant, count)| {
        let place = Place { table: "issued_coupons", id: &claimant.user };
        Ok((*claimant, place.read("count", Quantity::try_from(count))?))
    });
    counts.collect()
}
