//! Campaigns and their allotments.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::slice::from_ref;

use jangteo_coupon::{
    Allotment, Campaign, CampaignPosition, Claimant, CouponDiscount, CouponScope, CouponTerms, MAX_COUPONS,
    MAX_SCOPE_PRODUCTS, MAX_VALID_DAYS, Validity,
};
use jangteo_shared_kernel::{
    BasisPoints, CouponId, IssuedCouponId, Money, PageRequest, ProductId, Quantity, StorageError, UserId,
};

use crate::fixtures::{instant, krw, units};
use crate::prelude::*;
use crate::support::{
    add_campaigns, assert_fatal, assert_lost_race, assert_waits, at_once, begin, commit, every_page, finish,
    first_page, ids, outcome,
};
use crate::{Fixtures, Storage};

async fn list<S: Storage>(storage: &S, limit: u16) -> Vec<Campaign> {
    every_page(
        limit,
        |page: PageRequest<CampaignPosition>| async move { storage.list_campaigns(&page).await },
    )
    .await
}

fn newest_first(campaigns: &[Campaign]) -> Vec<Campaign> {
    let mut sorted = campaigns.to_vec();
    sorted.sort_by_key(|campaign| Reverse((campaign.created_at, campaign.id)));
    sorted
}

/// Checks that the campaigns read back as they are, found, locked and listed, whole and in parts.
async fn assert_kept<S: Storage>(storage: &S, campaigns: &[Campaign]) {
    for campaign in campaigns {
        assert_eq!(storage.find_campaign(campaign.id).await.unwrap().as_ref(), Some(campaign));
        assert_eq!(storage.find_allotment(campaign.id).await.unwrap().as_ref(), Some(&campaign.allotment));
    }
    let all: BTreeSet<CouponId> = campaigns.iter().map(|campaign| campaign.id).collect();
    let mut tx = begin(storage).await;
    let allotments: BTreeMap<CouponId, Allotment> =
        campaigns.iter().map(|campaign| (campaign.id, campaign.allotment.clone())).collect();
    assert_eq!(tx.lock_campaigns(&all).await.unwrap(), allotments);
    let terms: BTreeMap<CouponId, CouponTerms> =
        campaigns.iter().map(|campaign| (campaign.id, campaign.terms.clone())).collect();
    assert_eq!(tx.find_coupon_terms(&all).await.unwrap(), terms);
    tx.rollback().await.unwrap();
    let mut listed = list(storage, 100).await;
    listed.retain(|campaign| all.contains(&campaign.id));
    assert_eq!(listed, newest_first(campaigns));
}

fn percent(rate: u32, maximum: Option<Money>) -> CouponDiscount {
    CouponDiscount::Percent { rate: BasisPoints::new(rate).unwrap(), maximum }
}

pub(crate) async fn a_campaign_reads_back_as_it_was_written<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(160);
    let mut campaigns: Vec<Campaign> = (0..15).map(|_| fixtures.campaign()).collect();
    let usd = |amount| Money::new(amount, "USD".parse().unwrap());
    campaigns[0].terms.discount = CouponDiscount::Fixed(krw(i64::MAX));
    campaigns[0].terms.minimum_order = Some(krw(i64::MAX));
    campaigns[1].terms.discount = CouponDiscount::Fixed(usd(1));
    campaigns[1].terms.minimum_order = Some(usd(0));
    campaigns[2].terms.discount = percent(1, None);
    campaigns[2].terms.minimum_order = None;
    campaigns[3].terms.discount = percent(10_000, Some(krw(i64::MAX)));
    campaigns[3].terms.minimum_order = Some(krw(1));
    campaigns[4].terms.discount = percent(5_000, None);
    campaigns[4].terms.minimum_order = Some(usd(30_000));
    campaigns[5].terms.scope = CouponScope::All;
    campaigns[6].terms.scope = CouponScope::Products(ids([fixtures.id()]));
    let listed: BTreeSet<ProductId> = (0..MAX_SCOPE_PRODUCTS).map(|_| fixtures.id()).collect();
    // Two campaigns may list the same products.
    for campaign in &mut campaigns[7..9] {
        campaign.terms.scope = CouponScope::Products(listed.clone());
    }
    campaigns[9].name = "🧦".repeat(200).parse().unwrap();
    campaigns[10].name = "'; DROP TABLE campaigns; --\"\\%_ 쿠폰 e\u{301}".parse().unwrap();
    campaigns[10].created_at = instant("1970-01-01T00:00:00.001Z");
    let (early, late) = (instant("1970-01-01T00:00:00.001Z"), instant("9999-12-31T23:59:59.999Z"));
    campaigns[11].allotment = Allotment {
        total: units(MAX_COUPONS),
        claimed: units(MAX_COUPONS),
        per_user: units(MAX_COUPONS),
        claim_from: Some(early),
        claim_until: Some(late),
        validity: Validity::Window { from: Some(early), until: Some(late) },
        ..campaigns[11].allotment.clone()
    };
    campaigns[12].allotment = Allotment {
        total: units(1),
        claimed: units(0),
        per_user: units(1),
        claim_from: None,
        claim_until: Some(late),
        validity: Validity::Window { from: None, until: Some(late) },
        ..campaigns[12].allotment.clone()
    };
    campaigns[13].allotment.claim_from = Some(instant("2026-11-22T14:59:59.999Z"));
    campaigns[13].allotment.claim_until = Some(instant("2026-11-22T15:00:00Z"));
    campaigns[13].allotment.validity = Validity::FromClaim { days: MAX_VALID_DAYS };
    campaigns[14].allotment.validity = Validity::FromClaim { days: 1 };
    add_campaigns(&storage, &campaigns).await;
    assert_kept(&storage, &campaigns).await;
}

/// Campaigns of any shape, drawn from one seed.
pub(crate) async fn any_campaign_reads_back_as_it_was_written<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(161);
    for _ in 0..12 {
        let set: Vec<Campaign> = (0..=fixtures.below(8)).map(|_| fixtures.campaign()).collect();
        add_campaigns(&storage, &set).await;
        assert_kept(&storage, &set).await;
    }
}

pub(crate) async fn leaves_out_unknown_campaigns<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(162);
    let known = fixtures.campaign();
    add_campaigns(&storage, from_ref(&known)).await;
    assert_eq!(storage.find_campaign(fixtures.id()).await.unwrap(), None);
    assert_eq!(storage.find_allotment(fixtures.id()).await.unwrap(), None);
    let asked = ids([fixtures.id(), known.id, fixtures.id()]);
    let mut tx = begin(&storage).await;
    assert!(tx.lock_campaigns(&asked).await.unwrap().into_keys().eq([known.id]));
    assert!(tx.find_coupon_terms(&asked).await.unwrap().into_keys().eq([known.id]));
    assert!(tx.lock_campaigns(&ids([fixtures.id()])).await.unwrap().is_empty());
    assert!(tx.find_coupon_terms(&ids([fixtures.id()])).await.unwrap().is_empty());
}

pub(crate) async fn a_transaction_sees_its_own_campaigns<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(163);
    let mut campaign = fixtures.campaign_of(3, 1);
    let mut tx = begin(&storage).await;
    tx.insert_campaigns(from_ref(&campaign)).await.unwrap();
    assert_eq!(tx.lock_campaigns(&ids([campaign.id])).await.unwrap()[&campaign.id], campaign.allotment);
    assert_eq!(tx.find_coupon_terms(&ids([campaign.id])).await.unwrap()[&campaign.id], campaign.terms);
    campaign.allotment.claimed = units(2);
    tx.save_claimed(from_ref(&campaign.allotment)).await.unwrap();
    assert_eq!(tx.lock_campaigns(&ids([campaign.id])).await.unwrap()[&campaign.id], campaign.allotment);
    tx.commit().await.unwrap();
    assert_kept(&storage, &[campaign]).await;
}

pub(crate) async fn refuses_a_second_campaign_under_an_id<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(164);
    let campaign = fixtures.campaign();
    add_campaigns(&storage, from_ref(&campaign)).await;
    let mut again = fixtures.campaign();
    again.id = campaign.id;
    again.allotment.campaign = campaign.id;
    let other = fixtures.campaign();
    let mut tx = begin(&storage).await;
    let inserted = tx.insert_campaigns(&[other.clone(), again]).await;
    assert_lost_race(&finish(tx, inserted).await);
    assert_eq!(storage.find_campaign(other.id).await.unwrap(), None);
    assert_kept(&storage, &[campaign]).await;
}

pub(crate) async fn saving_what_is_claimed_changes_nothing_else<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(165);
    let mut campaigns: Vec<Campaign> = (0..20).map(|_| fixtures.campaign_of(100, 3)).collect();
    add_campaigns(&storage, &campaigns).await;
    let all = campaigns.iter().map(|campaign| campaign.id).collect();
    // Everything about them is new, also what must not be saved.
    let changed: Vec<Allotment> = (0..)
        .zip(&campaigns)
        .map(|(n, campaign)| Allotment {
            campaign: campaign.id,
            total: units(1_000),
            claimed: units(n),
            per_user: units(77),
            claim_from: Some(fixtures.now()),
            claim_until: Some(fixtures.in_millis(1)),
            validity: Validity::FromClaim { days: 9 },
        })
        .collect();
    commit!(storage, tx => tx.lock_campaigns(&all); tx.save_claimed(&changed[..15]));
    for (campaign, changed) in campaigns.iter_mut().zip(&changed[..15]) {
        campaign.allotment.claimed = changed.claimed;
    }
    assert_kept(&storage, &campaigns).await;
}

pub(crate) async fn refuses_more_claims_than_there_are_coupons<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(166);
    let campaigns = [fixtures.campaign_of(10, 1), fixtures.campaign_of(10, 1)];
    add_campaigns(&storage, &campaigns).await;
    let claimed = |n: usize, claimed| Allotment { claimed: units(claimed), ..campaigns[n].allotment.clone() };
    let all = ids(campaigns.iter().map(|campaign| campaign.id));
    // A storage knows how many there are, whatever it is told.
    let pretended = Allotment { total: units(100), ..claimed(1, 11) };
    for set in [
        [claimed(0, 5), claimed(1, 11)],
        [claimed(0, 5), claimed(1, MAX_COUPONS)],
        [claimed(0, 5), pretended],
    ] {
        let mut tx = begin(&storage).await;
        tx.lock_campaigns(&all).await.unwrap();
        let saved = tx.save_claimed(&set).await;
        assert_fatal(&finish(tx, saved).await);
    }
    assert_kept(&storage, &campaigns).await;
    commit!(storage, tx => tx.lock_campaigns(&all); tx.save_claimed(&[claimed(0, 10), claimed(1, 9)]));
    assert_eq!(storage.find_allotment(campaigns[0].id).await.unwrap(), Some(claimed(0, 10)));
}

pub(crate) async fn what_is_claimed_is_told_once_it_is_committed<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(167);
    let mut campaign = fixtures.campaign_of(10, 1);
    add_campaigns(&storage, from_ref(&campaign)).await;
    let before = campaign.clone();
    campaign.allotment.claimed = units(10);
    for commits in [false, true] {
        let mut tx = begin(&storage).await;
        tx.lock_campaigns(&ids([campaign.id])).await.unwrap();
        tx.save_claimed(from_ref(&campaign.allotment)).await.unwrap();
        // Neither waits for the lock nor sees what is not committed.
        assert_eq!(storage.find_allotment(campaign.id).await.unwrap().as_ref(), Some(&before.allotment));
        assert_eq!(storage.find_campaign(campaign.id).await.unwrap().as_ref(), Some(&before));
        if commits {
            tx.commit().await.unwrap();
        } else {
            tx.rollback().await.unwrap();
        }
        let now = if commits { &campaign } else { &before };
        assert_eq!(storage.find_allotment(campaign.id).await.unwrap().as_ref(), Some(&now.allotment));
    }
    assert_kept(&storage, &[campaign]).await;
}

pub(crate) async fn a_lock_on_a_campaign_waits_and_sees_what_was_committed<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(168);
    let mut campaign = fixtures.campaign_of(10, 1);
    add_campaigns(&storage, from_ref(&campaign)).await;
    let mut tx = begin(&storage).await;
    tx.lock_campaigns(&ids([campaign.id])).await.unwrap();
    let mut waiting = tokio::spawn({
        let (storage, id) = (storage.clone(), campaign.id);
        async move {
            let mut tx = begin(&storage).await;
            tx.lock_campaigns(&ids([id])).await.unwrap().remove(&id)
        }
    });
    assert_waits(&mut waiting).await;
    campaign.allotment.claimed = units(4);
    tx.save_claimed(from_ref(&campaign.allotment)).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(outcome(waiting).await, Some(campaign.allotment));
}

pub(crate) async fn lists_campaigns_newest_first_and_each_once<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(169);
    assert!(list(&storage, 10).await.is_empty());
    let campaigns: Vec<Campaign> = (0..50)
        .map(|_| Campaign {
            created_at: fixtures.in_millis(i64::from(fixtures.below(6)) * 250),
            ..fixtures.campaign()
        })
        .collect();
    add_campaigns(&storage, &campaigns).await;
    let expected = newest_first(&campaigns);
    for limit in [1, 7, 25, 50, 100] {
        assert_eq!(list(&storage, limit).await, expected, "pages of {limit}");
    }
}

pub(crate) async fn a_page_begins_where_the_last_one_ended<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(170);
    let campaigns: Vec<Campaign> = (0..6).map(|_| fixtures.campaign()).collect();
    add_campaigns(&storage, &campaigns).await;
    let expected = newest_first(&campaigns);
    let first = storage.list_campaigns(&first_page(3)).await.unwrap();
    assert_eq!(first.items, expected[..3]);
    // One that is made meanwhile stands before all of them.
    let newer = Campaign { created_at: fixtures.in_millis(1), ..fixtures.campaign() };
    add_campaigns(&storage, &[newer]).await;
    let second = storage.list_campaigns(&PageRequest { after: first.next, ..first_page(10) }).await.unwrap();
    assert_eq!((second.items.as_slice(), second.next), (&expected[3..], None));
}

/// Claims a coupon from each of these campaigns, as the use case does, and says which were issued.
async fn claim<S: Storage>(
    storage: &S,
    fixtures: &Fixtures,
    from: &BTreeSet<CouponId>,
    user: UserId,
) -> Result<Vec<IssuedCouponId>, StorageError> {
    let mut tx = begin(storage).await;
    let mut allotments = tx.lock_campaigns(from).await?;
    let claimants = from.iter().map(|campaign| Claimant { campaign: *campaign, user }).collect();
    let counts = tx.count_claims(&claimants).await?;
    let mut issued = Vec::new();
    for allotment in allotments.values_mut() {
        let claimant = Claimant { campaign: allotment.campaign, user };
        let held = counts.get(&claimant).copied().unwrap_or(Quantity::ZERO);
        issued.extend(allotment.claim(fixtures.id(), user, held, fixtures.now()));
    }
    tx.insert_issued_coupons(&issued).await?;
    tx.save_claimed(&allotments.into_values().collect::<Vec<_>>()).await?;
    tx.commit().await?;
    Ok(issued.into_iter().map(|coupon| coupon.id).collect())
}

/// Sixty claims of twenty users on campaigns of ten and twenty-five coupons, two for each user: none too many, none too
/// few, no gap, and no claim fails.
pub(crate) async fn of_claims_at_once_exactly_all_coupons_are_issued<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(171);
    let campaigns = [fixtures.campaign_of(10, 2), fixtures.campaign_of(25, 2)];
    add_campaigns(&storage, &campaigns).await;
    let users: Vec<UserId> = (0..20).map(|_| fixtures.id()).collect();
    let from = ids(campaigns.iter().map(|campaign| campaign.id));
    let issued = at_once(60, |n| {
        let (storage, fixtures, from) = (storage.clone(), fixtures.clone(), from.clone());
        let user = users[n as usize % users.len()];
        async move { claim(&storage, &fixtures, &from, user).await }
    })
    .await;
    let issued: Vec<IssuedCouponId> = issued.into_iter().flat_map(Result::unwrap).collect();
    let mut sequences: BTreeMap<CouponId, Vec<u32>> = BTreeMap::new();
    let mut numbers: BTreeMap<(CouponId, UserId), Vec<u32>> = BTreeMap::new();
    for id in issued {
        let coupon = storage.find_issued_coupon(id).await.unwrap().unwrap();
        sequences.entry(coupon.campaign).or_default().push(coupon.sequence);
        numbers.entry((coupon.campaign, coupon.user)).or_default().push(coupon.nth);
    }
    for campaign in &campaigns {
        let total = campaign.allotment.total;
        let given = sequences.get_mut(&campaign.id).unwrap();
        given.sort_unstable();
        assert!(given.iter().copied().eq(1..=total.get()), "{given:?}");
        assert_eq!(storage.find_allotment(campaign.id).await.unwrap().unwrap().claimed, total);
    }
    for given in numbers.values_mut() {
        given.sort_unstable();
        assert!(matches!(given[..], [1] | [1, 2]), "{given:?}");
    }
}
