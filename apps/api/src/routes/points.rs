//! Points.

use actix_web::{HttpRequest, HttpResponse};
use jangteo_application::{ChargePoints, GrantPoints};
use jangteo_point::PointQueries;
use jangteo_shared_kernel::UserId;

use super::table::Table;
use crate::body::PageBody;
use crate::body::point::{AccountBody, Charge, EntryBody, Grant, IncomingBody};
use crate::call::{
    Administrator, Call, Json, Keyed, Paging, Parameters, Person, Query, QueryString, SignedIn,
};
use crate::commands::Command;
use crate::problem::{Code, Problem};
use crate::rate_limits::RouteClass;
use crate::refusals::{cannot_charge, cannot_grant};
use crate::reply::{self, Tag};

pub(super) fn enter(table: &mut Table) {
    table.add(__path_show_points, show_points, RouteClass::Reads, &[Code::NotFound]);
    table.add(__path_charge_points, charge_points, RouteClass::Writes, Command::ChargePoints.refusals());
    table.add(__path_grant_points, grant_points, RouteClass::Writes, Command::GrantPoints.refusals());
    table.add(
        __path_list_point_history,
        list_point_history,
        RouteClass::Reads,
        &[Code::NotFound, Code::InvalidCursor],
    );
}

/// The user of the path; `me` is the caller.
fn named_user(request: &HttpRequest, caller: UserId) -> Result<UserId, Problem> {
    match request.match_info().query("userId") {
        "me" => Ok(caller),
        text => text.parse().map_err(|_| Problem::not_found()),
    }
}

/// The user of the path, if the caller may see what is theirs.
fn owner(request: &HttpRequest, who: &SignedIn) -> Result<UserId, Problem> {
    let owner = named_user(request, who.user())?;
    if who.may_see(owner) { Ok(owner) } else { Err(Problem::not_found()) }
}

/// Show a point account
#[utoipa::path(
    get,
    path = "/api/v1/users/{userId}/points",
    tag = "points",
    params(
        ("userId" = String, Path, description = "A user's id, or `me`", example = "me"),
        ("If-None-Match" = Option<String>, Header, description = "Tags of states that the client has"),
    ),
    responses(
        (status = 200, description = "The account", body = AccountBody, headers(("ETag" = String))),
        (status = 304, description = "The client has this state", headers(("ETag" = String))),
    ),
)]
async fn show_points(call: Call<SignedIn>) -> Result<HttpResponse, Problem> {
    let owner = owner(&call.request, &call.who)?;
    let account = call.shop.storage.find_point_account(owner).await?.ok_or_else(Problem::not_found)?;
    // Points expire without anybody writing it, so the tag is that of the body and of no version.
    let body = AccountBody::of(&account, call.shop.sources.now());
    Ok(reply::resource(&call.request, &Tag::of_body(&body), &body))
}

/// Charge points
#[utoipa::path(
    post,
    path = "/api/v1/users/{userId}/points/charges",
    tag = "points",
    params(("userId" = String, Path, description = "A user's id, or `me`", example = "me")),
    request_body = Charge,
    responses((
        status = 201,
        description = "The charge, with the balance after it",
        body = IncomingBody,
        headers(("Location" = String, description = "Where the history is")),
    )),
)]
async fn charge_points(call: Call<SignedIn, Json<Charge>, Keyed>) -> Result<HttpResponse, Problem> {
    let user = owner(&call.request, &call.who)?;
    let Call { shop, input: amount, key, .. } = call;
    let command = ChargePoints { user, amount, mark: key.into_mark() };
    let verdict = shop.groups.charge_points.submit(command).await;
    reply::keyed(shop.meters.commands.of(Command::ChargePoints), verdict, cannot_charge)
}

/// Grant points
///
/// An operator gives them, with an expiry and a reason.
#[utoipa::path(
    post,
    path = "/api/v1/users/{userId}/points/grants",
    tag = "points",
    params(("userId" = String, Path, description = "A user's id, or `me`")),
    request_body = Grant,
    responses((
        status = 201,
        description = "The grant, with the balance after it",
        body = IncomingBody,
        headers(("Location" = String, description = "Where the history is")),
    )),
)]
async fn grant_points(call: Call<Administrator, Json<Grant>, Keyed>) -> Result<HttpResponse, Problem> {
    let user = named_user(&call.request, call.who.user())?;
    let Call { shop, who, input: grant, key, .. } = call;
    let command = GrantPoints {
        user,
        amount: grant.amount,
        expires_at: grant.expires_at,
        reason: grant.reason,
        mark: key.into_mark(),
    };
    let verdict = shop.submit(&shop.administration.by(&who).grant_points, command).await;
    reply::keyed(shop.meters.commands.of(Command::GrantPoints), verdict, cannot_grant)
}

impl QueryString for Paging {
    fn read(parameters: &mut Parameters) -> Self {
        parameters.take_paging()
    }
}

/// List a point account's history
#[utoipa::path(
    get,
    path = "/api/v1/users/{userId}/points/history",
    tag = "points",
    params(
        ("userId" = String, Path, description = "A user's id, or `me`", example = "me"),
        ("limit" = Option<u16>, Query, description = "How many items, 20 unless told", minimum = 1, maximum = 100),
        ("cursor" = Option<String>, Query, description = "The nextCursor of the page before"),
    ),
    responses((status = 200, description = "A page of entries, newest first", body = PageBody<EntryBody>)),
)]
async fn list_point_history(call: Call<SignedIn, Query<Paging>>) -> Result<HttpResponse, Problem> {
    let Call { shop, who, input: paging, request, .. } = call;
    let owner = owner(&request, &who)?;
    let scope = format!("points {owner}");
    let page = reply::open_cursor(&shop, &scope, &paging)?;
    shop.storage.find_point_account(owner).await?.ok_or_else(Problem::not_found)?;
    let page = shop.storage.list_point_history(owner, &page).await?;
    reply::answer_page(&shop, &scope, &page, |entry| EntryBody::from(entry))
}
