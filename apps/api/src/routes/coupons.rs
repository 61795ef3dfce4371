//! Coupons.

use actix_web::HttpResponse;
use actix_web::http::header;
use jangteo_application::{ClaimCoupon, SharedClaimRecords};
use jangteo_coupon::{CouponQueries, CouponStatus, IssuedCouponFilter};
use jangteo_product::ProductQueries;
use jangteo_shared_kernel::ProductId;

use super::table::Table;
use crate::body::PageBody;
use crate::body::coupon::{CampaignBody, CouponStatusBody, CreateCampaign, IssuedCouponBody, MeantCampaign};
use crate::call::{
    Administrator, Anyone, Call, Json, Keyed, Nothing, Paging, Parameters, Person, Query, QueryString,
    SignedIn,
};
use crate::commands::Command;
use crate::problem::{Code, Faults, Problem};
use crate::rate_limits::RouteClass;
use crate::refusals::cannot_claim;
use crate::reply::{self, Tag};
use crate::shop::Shop;

pub(super) fn enter(table: &mut Table) {
    let refusals = Command::ClaimCoupon.refusals();
    table.add(__path_create_campaign, create_campaign, RouteClass::Writes, &[]);
    table.add(__path_list_campaigns, list_campaigns, RouteClass::Reads, &[Code::InvalidCursor]);
    table.add(__path_show_campaign, show_campaign, RouteClass::Reads, &[Code::NotFound]);
    table.add(__path_claim_coupon, claim_coupon, RouteClass::Writes, refusals);
    table.add(__path_list_my_coupons, list_my_coupons, RouteClass::Reads, &[Code::InvalidCursor]);
}

/// Create a coupon campaign
///
/// Its terms never change after that.
#[utoipa::path(
    post,
    path = "/api/v1/coupons",
    tag = "coupons",
    request_body = CreateCampaign,
    responses((
        status = 201,
        description = "The new campaign",
        body = CampaignBody,
        headers(("Location" = String, description = "Where the campaign is"), ("ETag" = String)),
    )),
)]
async fn create_campaign(call: Call<Administrator, Json<CreateCampaign>>) -> Result<HttpResponse, Problem> {
    let Call { shop, who, input: MeantCampaign { new, products }, .. } = call;
    check_products(&shop, &products).await?;
    let campaign = shop.submit(&shop.administration.by(&who).create_campaign, new).await?;
    let path = format!("/api/v1/coupons/{}", campaign.id);
    let body = CampaignBody::of(&campaign, shop.sources.now());
    Ok(reply::created(&path, &Tag::of_body(&body), &body))
}

/// Every product that a campaign lists has to be there. Products are never deleted, so they stay there.
async fn check_products(shop: &Shop, products: &[ProductId]) -> Result<(), Problem> {
    let mut faults = Faults::default();
    for (index, product) in products.iter().enumerate() {
        if shop.storage.find_product(*product).await?.is_none() {
            faults.add(format!("/scope/productIds/{index}"), "there is no such product");
        }
    }
    faults.settle(Some(()))
}

/// List coupon campaigns
#[utoipa::path(
    get,
    path = "/api/v1/coupons",
    tag = "coupons",
    params(
        ("limit" = Option<u16>, Query, description = "How many items, 20 unless told", minimum = 1, maximum = 100),
        ("cursor" = Option<String>, Query, description = "The nextCursor of the page before"),
    ),
    responses((status = 200, description = "A page of campaigns, newest first", body = PageBody<CampaignBody>)),
)]
async fn list_campaigns(call: Call<Anyone, Query<Paging>>) -> Result<HttpResponse, Problem> {
    let Call { shop, input: paging, .. } = call;
    let scope = "coupons";
    let page = reply::open_cursor(&shop, scope, &paging)?;
    let page = shop.storage.list_campaigns(&page).await?;
    let now = shop.sources.now();
    reply::answer_page(&shop, scope, &page, |campaign| CampaignBody::of(campaign, now))
}

/// Show a coupon campaign
#[utoipa::path(
    get,
    path = "/api/v1/coupons/{id}",
    tag = "coupons",
    params(
        ("id" = Uuid, Path),
        ("If-None-Match" = Option<String>, Header, description = "Tags of states that the client has"),
    ),
    responses(
        (status = 200, description = "The campaign", body = CampaignBody, headers(("ETag" = String))),
        (status = 304, description = "The client has this state", headers(("ETag" = String))),
    ),
)]
async fn show_campaign(call: Call<Anyone>) -> Result<HttpResponse, Problem> {
    let id = call.path_id("id")?;
    let campaign = call.shop.storage.find_campaign(id).await?.ok_or_else(Problem::not_found)?;
    // A campaign opens and closes without anybody writing it, so the tag is that of the body and of no version.
    let body = CampaignBody::of(&campaign, call.shop.sources.now());
    let mut answer = reply::resource(&call.request, &Tag::of_body(&body), &body);
    // Nothing personal: anyone may keep it, and asks whether it is still so.
    answer.headers_mut().insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-cache"));
    Ok(answer)
}

/// Claim a coupon
///
/// First come, first served. The request has no body.
#[utoipa::path(
    post,
    path = "/api/v1/coupons/{id}/claims",
    tag = "coupons",
    params(("id" = Uuid, Path)),
    responses((
        status = 201,
        description = "The coupon. It is the caller's for good",
        body = IssuedCouponBody,
        headers(("Location" = String, description = "Where the caller's coupons are")),
    )),
)]
async fn claim_coupon(call: Call<SignedIn, Nothing, Keyed>) -> Result<HttpResponse, Problem> {
    let campaign = call.path_id("id")?;
    let Call { shop, who, key, .. } = call;
    let command = ClaimCoupon { user: who.user(), campaign, mark: key.into_mark() };
    let records = SharedClaimRecords { storage: &shop.storage, look_ups: &shop.groups.claim_look_up };
    let decide = |command| shop.groups.claim_coupon.submit(command);
    let verdict = shop.claims.claim(&records, command, decide).await;
    reply::keyed(shop.meters.commands.of(Command::ClaimCoupon), verdict, cannot_claim)
}

/// Which coupons to list.
struct Wanted {
    status: Option<CouponStatus>,
    paging: Paging,
}

impl QueryString for Wanted {
    fn read(parameters: &mut Parameters) -> Self {
        let statuses = [
            ("ISSUED", CouponStatus::Issued),
            ("USED", CouponStatus::Used),
            ("EXPIRED", CouponStatus::Expired),
        ];
        Self { status: parameters.take_word("status", &statuses), paging: parameters.take_paging() }
    }
}

/// List my coupons
#[utoipa::path(
    get,
    path = "/api/v1/users/me/coupons",
    tag = "coupons",
    params(
        ("status" = Option<CouponStatusBody>, Query, description = "Only this status"),
        ("limit" = Option<u16>, Query, description = "How many items, 20 unless told", minimum = 1, maximum = 100),
        ("cursor" = Option<String>, Query, description = "The nextCursor of the page before"),
    ),
    responses((status = 200, description = "A page of coupons, newest first", body = PageBody<IssuedCouponBody>)),
)]
async fn list_my_coupons(call: Call<SignedIn, Query<Wanted>>) -> Result<HttpResponse, Problem> {
    let Call { shop, who, input: Wanted { status, paging }, .. } = call;
    let filter = IssuedCouponFilter { user: who.user(), status };
    let scope = format!("my coupons {filter:?}");
    let page = reply::open_cursor(&shop, &scope, &paging)?;
    let now = shop.sources.now();
    let page = shop.storage.list_issued_coupons(&filter, now, &page).await?;
    reply::answer_page(&shop, &scope, &page, |coupon| IssuedCouponBody::of(coupon, now))
}
