//! Payments.

use actix_web::HttpResponse;
use jangteo_application::{CancelPayment, PayOrder};
use jangteo_order::OrderQueries;
use jangteo_payment::{PaymentQueries, RequestedTenders, TenderMethod};
use jangteo_shared_kernel::kind;

use super::table::Table;
use crate::body::PageBody;
use crate::body::payment::{PayOrderBody, PaymentBody};
use crate::call::{Call, Json, Keyed, Nothing, Person, SignedIn};
use crate::commands::Command;
use crate::problem::{Code, Problem};
use crate::rate_limits::RouteClass;
use crate::refusals::{cannot_cancel_payment, cannot_pay};
use crate::reply::{self, Tag};

pub(super) fn enter(table: &mut Table) {
    table.add(__path_pay_order, pay_order, RouteClass::Writes, Command::PayOrder.refusals());
    table.add(__path_show_payment, show_payment, RouteClass::Reads, &[Code::NotFound]);
    table.add(__path_cancel_payment, cancel_payment, RouteClass::Writes, Command::CancelPayment.refusals());
    table.add(__path_list_payments_of_order, list_payments_of_order, RouteClass::Reads, &[Code::NotFound]);
}

/// Pay an order
///
/// In full, with points. No gateway takes cards yet: a CARD tender is a 422.
#[utoipa::path(
    post,
    path = "/api/v1/payments",
    tag = "payments",
    request_body = PayOrderBody,
    responses((
        status = 201,
        description = "The payment that settled the order",
        body = PaymentBody,
        headers(("Location" = String, description = "Where the payment is")),
    )),
)]
async fn pay_order(call: Call<SignedIn, Json<PayOrderBody>, Keyed>) -> Result<HttpResponse, Problem> {
    let Call { shop, who, input, key, .. } = call;
    let card = match &input.tenders {
        RequestedTenders::AllPoints => None,
        RequestedTenders::These(list) => list.iter().position(|tender| tender.method == TenderMethod::Card),
    };
    let command =
        PayOrder { user: who.user(), order: input.order, tenders: input.tenders, mark: key.into_mark() };
    let verdict = shop.groups.pay_order.submit(command).await;
    reply::keyed(shop.meters.commands.of(Command::PayOrder), verdict, |refusal| cannot_pay(refusal, card))
}

/// Show a payment
#[utoipa::path(
    get,
    path = "/api/v1/payments/{id}",
    tag = "payments",
    params(
        ("id" = Uuid, Path),
        ("If-None-Match" = Option<String>, Header, description = "Tags of states that the client has"),
    ),
    responses(
        (status = 200, description = "The payment", body = PaymentBody, headers(("ETag" = String))),
        (status = 304, description = "The client has this state", headers(("ETag" = String))),
    ),
)]
async fn show_payment(call: Call<SignedIn>) -> Result<HttpResponse, Problem> {
    let id = call.path_id::<kind::Payment>("id")?;
    let payment = call.shop.storage.find_payment(id).await?;
    let payment = payment.filter(|payment| call.who.may_see(payment.user)).ok_or_else(Problem::not_found)?;
    // Whatever happens to a payment is one more event.
    let tag = Tag::of(payment.events.len());
    Ok(reply::resource(&call.request, &tag, &PaymentBody::from(&payment)))
}

/// Cancel a payment
///
/// All that is left of it is refunded, and all units go back into the stock. There is a refund of it afterwards.
#[utoipa::path(
    post,
    path = "/api/v1/payments/{id}/cancel",
    tag = "payments",
    params(("id" = Uuid, Path)),
    responses((status = 200, description = "The payment, cancelled", body = PaymentBody)),
)]
async fn cancel_payment(call: Call<SignedIn, Nothing, Keyed>) -> Result<HttpResponse, Problem> {
    let payment = call.path_id::<kind::Payment>("id")?;
    let Call { shop, who, key, .. } = call;
    let command = CancelPayment { caller: who.caller(), payment, mark: key.into_mark() };
    let verdict = shop.submit(&shop.use_cases.cancel_payment, command).await;
    reply::keyed(shop.meters.commands.of(Command::CancelPayment), verdict, cannot_cancel_payment)
}

/// List the payments of an order
///
/// Few, so they come on one page.
#[utoipa::path(
    get,
    path = "/api/v1/orders/{id}/payments",
    tag = "payments",
    params(("id" = Uuid, Path)),
    responses((status = 200, description = "All payments of the order, newest first", body = PageBody<PaymentBody>)),
)]
async fn list_payments_of_order(call: Call<SignedIn>) -> Result<HttpResponse, Problem> {
    let id = call.path_id::<kind::Order>("id")?;
    let order = call.shop.storage.find_order(id).await?;
    order.filter(|order| call.who.may_see(order.user)).ok_or_else(Problem::not_found)?;
    let payments = call.shop.storage.payments_of_order(id).await?;
    Ok(reply::ok(&PageBody { items: payments.iter().map(PaymentBody::from).collect(), next_cursor: None }))
}
