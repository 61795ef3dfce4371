//! The document that describes the API, made from the table of routes.

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use serde_json::{Value, json};
use utoipa::openapi::example::Example;
use utoipa::openapi::header::{Header, HeaderBuilder};
use utoipa::openapi::path::{Operation, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{
    Components, Content, ContentBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, Paths, Ref,
    RefOr, Required, Response, ResponseBuilder,
};
use utoipa::{PartialSchema, ToSchema};

use crate::call::IDEMPOTENCY_KEY;
use crate::problem::{Code, ProblemBody};
use crate::routes;
use crate::routes::table::Entry;

const BEARER: &str = "bearer";

const DESCRIPTION: &str = "\
A commerce backend: catalogue and stock, orders, payments, points, coupons and refunds.

- Amounts are objects of integer minor units and an ISO 4217 currency. Ids are UUIDs. Instants are RFC 3339 in UTC.
- Bodies are JSON in UTF-8 of at most 64 KiB. Unknown fields and unknown query parameters are refused.
- Every answer that is no success is a problem (RFC 9457) with a `code`; its `type` leads to an explanation.
- Checks run in this order: 429, 401, 403, 415, 413, 400 (key, then JSON), 422, 404, 409.
- A client has so many requests of each class (reads, writes, credentials, reports): `RateLimit-Policy` tells how many in a \
window, `RateLimit` how many are left. Whoever sends a token is counted by its log-in, and everybody else by address.
- Where a request must carry an `Idempotency-Key`, sending it again gives the first answer again, with \
`Idempotency-Replayed: true`, and has no second effect. A refusal is not kept.
- Lists are paged: pass `nextCursor` as `cursor` to get the next page.
- Every answer carries `X-Request-Id`: the client's own, if it sent a sane one. A W3C `traceparent` is honoured.
";

const HEADERS: [(&str, &str); 7] = [
    ("X-Request-Id", "What the request is called in the log"),
    ("Idempotency-Replayed", "`true` if this answer was given before"),
    ("Retry-After", "After how many seconds to try again"),
    ("WWW-Authenticate", "`Bearer`"),
    ("Allow", "The methods that the address has"),
    (
        "RateLimit",
        "How many requests of this class are left to the client (`r`), and in how many seconds its window ends (`t`)",
    ),
    (
        "RateLimit-Policy",
        "How many requests of this class a client has (`q`) in a window of so many seconds (`w`)",
    ),
];

const TAGS: [(&str, &str); 10] = [
    ("users", "Accounts"),
    ("sessions", "Log-ins and their tokens"),
    ("products", "The catalogue and its stock"),
    ("points", "Cash-like points, one account a user"),
    ("coupons", "Campaigns, and the coupons that they hand out"),
    ("orders", "Orders and their life"),
    ("payments", "Payments and their history"),
    ("refunds", "What was given back of payments"),
    ("administration", "What only administrators see"),
    ("service", "The server itself"),
];

/// The OpenAPI document.
pub(crate) fn document() -> OpenApi {
    let mut paths = Paths::new();
    let mut schemas = vec![(ProblemBody::name().into_owned(), ProblemBody::schema())];
    <ProblemBody<'_> as ToSchema>::schemas(&mut schemas);
    for entry in routes::all().0 {
        (entry.schemas)(&mut schemas);
        let item = PathItem::new(entry.method.clone(), describe(&entry));
        match paths.paths.get_mut(&entry.path) {
            Some(known) => known.merge_operations(item),
            None => {
                paths.paths.insert(entry.path, item);
            }
        }
    }
    let mut components = Components::new();
    components.schemas = schemas.into_iter().collect();
    components.headers =
        HEADERS.map(|(name, description)| (name.to_owned(), RefOr::T(header(description)))).into();
    components.examples =
        Code::ALL.map(|code| (code.entry().name.to_owned(), RefOr::T(example(code)))).into();
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT");
    let bearer = bearer.description(Some("The accessToken of a log-in")).build();
    components.add_security_scheme(BEARER, SecurityScheme::Http(bearer));
    let tag = |(name, description)| TagBuilder::new().name(name).description(Some(description)).build();
    OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title("Jangteo")
                .version(env!("CARGO_PKG_VERSION"))
                .description(Some(DESCRIPTION))
                .license(Some(LicenseBuilder::new().name(env!("CARGO_PKG_LICENSE")).build()))
                .build(),
        )
        .paths(paths)
        .components(Some(components))
        .tags(Some(TAGS.map(tag)))
        .build()
}

/// What a route's own description leaves out because it follows from its type.
fn describe(entry: &Entry) -> Operation {
    let mut operation = (entry.operation)();
    operation.tags = Some((entry.tags)().into_iter().map(str::to_owned).collect());
    operation.security =
        entry.roles.map(|roles| vec![SecurityRequirement::new(BEARER, roles.iter().copied())]);
    if entry.keyed {
        let key = ObjectBuilder::new()
            .schema_type(SchemaType::Type(Type::String))
            .min_length(Some(1))
            .max_length(Some(255))
            .pattern(Some("^[!-~]+$"));
        let parameter = ParameterBuilder::new()
            .name(IDEMPOTENCY_KEY)
            .parameter_in(ParameterIn::Header)
            .required(Required::True)
            .description(Some("Names the request, so that it takes effect once however often it is sent"))
            .schema(Some(key))
            .build();
        operation.parameters.get_or_insert_default().push(RefOr::T(parameter));
    }
    let mut by_status: BTreeMap<u16, Vec<Code>> = BTreeMap::new();
    for code in &entry.problems {
        let codes = by_status.entry(code.entry().status.as_u16()).or_default();
        if !codes.contains(code) {
            codes.push(*code);
        }
    }
    for (status, codes) in by_status {
        operation.responses.responses.insert(status.to_string(), RefOr::T(problem(status, &codes)));
    }
    for (status, response) in &mut operation.responses.responses {
        if let RefOr::T(response) = response {
            complete(status, response, entry);
        }
    }
    operation
}

/// The headers that every answer has, and those of answers with such a status.
fn complete(status: &str, response: &mut Response, entry: &Entry) {
    let mut header = |name: &str| {
        response
            .headers
            .insert(name.to_owned(), RefOr::Ref(Ref::new(format!("#/components/headers/{name}"))));
    };
    header("X-Request-Id");
    if entry.class.is_some() {
        header("RateLimit");
        header("RateLimit-Policy");
    }
    if entry.keyed && status.starts_with('2') {
        header("Idempotency-Replayed");
    }
    if status == "429" || status == "503" {
        header("Retry-After");
    }
    if status == "401" {
        header("WWW-Authenticate");
    }
    if status == "405" {
        header("Allow");
    }
}

fn header(description: &str) -> Header {
    let text = ObjectBuilder::new().schema_type(SchemaType::Type(Type::String));
    HeaderBuilder::new().schema(Some(text)).description(Some(description)).build()
}

fn problem(status: u16, codes: &[Code]) -> Response {
    let title =
        StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or("Problem");
    let names: Vec<String> = codes.iter().map(|code| format!("`{}`", code.entry().name)).collect();
    let examples = codes.iter().map(|code| {
        let name = code.entry().name;
        (name, RefOr::<Example>::Ref(Ref::new(format!("#/components/examples/{name}"))))
    });
    let content: Content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name("Problem")))
        .examples_from_iter(examples)
        .build();
    ResponseBuilder::new()
        .description(format!("{title}: {}", names.join(", ")))
        .content("application/problem+json", content)
        .build()
}

fn example(code: Code) -> Example {
    let entry = code.entry();
    let mut value: Value = json!({
        "type": format!("/problems/{}", entry.name),
        "title": entry.title,
        "status": entry.status.as_u16(),
        "detail": entry.explanation,
        "code": entry.name,
        "traceId": "0af7651916cd43dd8448eb211c80319c",
    });
    if code == Code::ValidationFailed {
        value["detail"] = json!("/name: must be 1 to 200 characters, none of them a control character");
        value["errors"] = json!([{
            "pointer": "/name",
            "detail": "must be 1 to 200 characters, none of them a control character",
        }]);
    }
    let mut example = Example::new();
    entry.title.clone_into(&mut example.summary);
    example.value = Some(value);
    example
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::routes::table::name;

    #[test]
    fn every_route_is_described_and_everything_described_is_a_route() {
        let document = serde_json::to_value(document()).unwrap();
        let mut described = BTreeSet::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            described
                .extend(item.as_object().unwrap().keys().map(|method| (method.to_uppercase(), path.clone())));
        }
        let entries = routes::all().0;
        let served: BTreeSet<_> =
            entries.iter().map(|entry| (name(&entry.method).to_owned(), entry.path.clone())).collect();
        assert_eq!(served.len(), entries.len(), "a route is entered twice");
        assert_eq!(served, described);
        assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    }

    /// Every call can fail with a 500 and says so; a plain route says nothing but its own.
    #[test]
    fn no_route_of_the_api_is_entered_without_the_promises_of_a_call() {
        for entry in routes::all().0 {
            let promised = entry.problems.contains(&Code::Internal);
            assert_eq!(promised, entry.path.starts_with("/api/"), "{}", entry.path);
        }
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let document = serde_json::to_value(document()).unwrap();
        let mut pending = vec![&document];
        let mut references = 0;
        while let Some(value) = pending.pop() {
            match value {
                Value::Object(fields) => {
                    if let Some(Value::String(reference)) = fields.get("$ref") {
                        let pointer = reference.strip_prefix('#').unwrap();
                        assert!(document.pointer(pointer).is_some(), "{reference}");
                        references += 1;
                    }
                    pending.extend(fields.values());
                }
                Value::Array(items) => pending.extend(items),
                _ => {}
            }
        }
        assert!(references > 50);
    }

    #[test]
    fn every_operation_says_what_it_does_and_has_a_name_of_its_own() {
        let mut names = BTreeSet::new();
        for entry in routes::all().0 {
            let operation = describe(&entry);
            assert!(operation.summary.is_some_and(|text| !text.is_empty()), "{}", entry.path);
            assert!(names.insert(operation.operation_id), "{}", entry.path);
        }
    }
}
