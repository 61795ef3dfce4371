//! Refunds.

use actix_web::HttpResponse;
use jangteo_application::{RefundPayment, RefundPaymentRefusal, preview_refund};
use jangteo_payment::PaymentQueries;
use jangteo_refund::RefundQueries;
use jangteo_shared_kernel::kind;

use super::table::Table;
use crate::body::PageBody;
use crate::body::refund::{MeantRefund, RefundBody, RefundPaymentBody, RefundPreviewBody};
use crate::call::{Call, Json, Keyed, Paging, Person as _, Query, SignedIn};
use crate::commands::Command;
use crate::problem::{Code, Problem};
use crate::rate_limits::RouteClass;
use crate::refusals::cannot_refund;
use crate::reply::{self, Tag};
use crate::security_events::access_refused;

pub(super) fn enter(table: &mut Table) {
    let refusals = Command::RefundPayment.refusals();
    table.add(__path_refund_payment, refund_payment, RouteClass::Writes, refusals);
    table.add(__path_preview_a_refund, preview_a_refund, RouteClass::Reads, refusals);
    table.add(__path_show_refund, show_refund, RouteClass::Reads, &[Code::NotFound]);
    table.add(
        __path_list_refunds_of_payment,
        list_refunds_of_payment,
        RouteClass::Reads,
        &[Code::NotFound, Code::InvalidCursor],
    );
}

/// Refund a payment
///
/// In part or in full, by units. Units go back into the stock, points to the lots that they came from, and with the last
/// unit the coupon to its user. Any sequence of refunds adds up to exactly what was paid.
#[utoipa::path(
    post,
    path = "/api/v1/refunds",
    tag = "refunds",
    request_body = RefundPaymentBody,
    responses((
        status = 201,
        description = "The refund",
        body = RefundBody,
        headers(("Location" = String, description = "Where the refund is")),
    )),
)]
async fn refund_payment(
    call: Call<SignedIn, Json<RefundPaymentBody>, Keyed>,
) -> Result<HttpResponse, Problem> {
    let Call { shop, who, input: MeantRefund { payment, reason, items }, key, .. } = call;
    let command = RefundPayment { caller: who.caller(), payment, items, reason, mark: key.into_mark() };
    let verdict = shop.submit(&shop.use_cases.refund_payment, command).await;
    reply::keyed(shop.meters.commands.of(Command::RefundPayment), verdict, |refusal| refused(refusal, &who))
}

/// Why there is no refund. That somebody asked for what only administrators may is told to the log.
fn refused(refusal: RefundPaymentRefusal, who: &SignedIn) -> Problem {
    if matches!(refusal, RefundPaymentRefusal::RestockIsNotYours) {
        access_refused(who.user());
    }
    cannot_refund(refusal)
}

/// Preview a refund
///
/// Exactly what the refund would give back, and nothing is given back.
#[utoipa::path(
    post,
    path = "/api/v1/refunds/preview",
    tag = "refunds",
    request_body = RefundPaymentBody,
    responses((status = 200, description = "What the refund would be", body = RefundPreviewBody)),
)]
async fn preview_a_refund(call: Call<SignedIn, Json<RefundPaymentBody>>) -> Result<HttpResponse, Problem> {
    let Call { shop, who, input: MeantRefund { payment, items, .. }, .. } = call;
    let plan = preview_refund(&shop.storage, who.caller(), payment, &items).await?;
    let plan = plan.map_err(|refusal| refused(refusal, &who))?;
    Ok(reply::ok(&RefundPreviewBody::of(payment, &plan)))
}

/// Show a refund
#[utoipa::path(
    get,
    path = "/api/v1/refunds/{id}",
    tag = "refunds",
    params(
        ("id" = Uuid, Path),
        ("If-None-Match" = Option<String>, Header, description = "Tags of states that the client has"),
    ),
    responses(
        (status = 200, description = "The refund", body = RefundBody, headers(("ETag" = String))),
        (status = 304, description = "The client has this state", headers(("ETag" = String))),
    ),
)]
async fn show_refund(call: Call<SignedIn>) -> Result<HttpResponse, Problem> {
    let id = call.path_id::<kind::Refund>("id")?;
    let refund = call.shop.storage.find_refund(id).await?;
    let refund = refund.filter(|refund| call.who.may_see(refund.user)).ok_or_else(Problem::not_found)?;
    // A refund never changes.
    Ok(reply::resource(&call.request, &Tag::of(1), &RefundBody::from(&refund)))
}

/// List the refunds of a payment
#[utoipa::path(
    get,
    path = "/api/v1/payments/{id}/refunds",
    tag = "refunds",
    params(
        ("id" = Uuid, Path),
        ("limit" = Option<u16>, Query, description = "How many items, 20 unless told", minimum = 1, maximum = 100),
        ("cursor" = Option<String>, Query, description = "The nextCursor of the page before"),
    ),
    responses((status = 200, description = "A page of refunds, newest first", body = PageBody<RefundBody>)),
)]
async fn list_refunds_of_payment(call: Call<SignedIn, Query<Paging>>) -> Result<HttpResponse, Problem> {
    let id = call.path_id::<kind::Payment>("id")?;
    let Call { shop, who, input: paging, .. } = call;
    let payment = shop.storage.find_payment(id).await?;
    payment.filter(|payment| who.may_see(payment.user)).ok_or_else(Problem::not_found)?;
    let scope = format!("refunds of {id}");
    let page = reply::open_cursor(&shop, &scope, &paging)?;
    let page = shop.storage.list_refunds_of_payment(id, &page).await?;
    reply::answer_page(&shop, &scope, &page, |refund| RefundBody::from(refund))
}
