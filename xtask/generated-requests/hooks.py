"""What Schemathesis cannot know from the OpenAPI document: who calls, and what there is in the shop.

Data that fits the document is mostly refused for another reason: no such order, a key that was used. So three of four valid
requests get ids of things that exist and are in the state that the operation needs, and a key of their own. The fourth goes
out as it was made up, and so does every invalid one.
"""

import atexit
import collections
import itertools
import json
import os

import requests
import schemathesis

SHOP = os.environ["JANGTEO_SHOP"] + "/api/v1"
ROLE = os.environ["JANGTEO_ROLE"]
TALLY = os.environ["JANGTEO_TALLY"]

# The accounts of `jangteo demo`.
ACCOUNTS = {
    "customer": ("minji@example.com", "demo-minji-password"),
    "administrator": ("admin@example.com", "demo-admin-password"),
}
PASSWORD = "correct horse battery"

numbers = itertools.count(1)
http = requests.Session()


def krw(amount):
    return {"amount": amount, "currency": "KRW"}


def call(method, path, body=None, token=None):
    """Prepares something. It has to work: a shop that refuses it is not the one that this was written for."""
    headers = {"Idempotency-Key": f"{ROLE}-prepared-{next(numbers)}"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    answer = http.request(method, SHOP + path, json=body, headers=headers, timeout=30)
    if not answer.ok:
        raise RuntimeError(f"{method} {path}: {answer.status_code} {answer.text}")
    return answer.json() if answer.content else None


def log_in(email, password):
    return call("POST", "/auth/login", {"email": email, "password": password})


def newcomer():
    """Somebody who may change their password, log out or leave without anybody missing them."""
    email = f"newcomer-{next(numbers)}@{ROLE}.example.com"
    call("POST", "/users", {"email": email, "password": PASSWORD, "name": "누구"})
    return log_in(email, PASSWORD)


admin = log_in(*ACCOUNTS["administrator"])["accessToken"]
# Nobody's things are the customer's, whom nobody is not to see.
me = log_in(*ACCOUNTS["customer" if ROLE == "nobody" else ROLE])["accessToken"]


def product(name):
    body = {"name": name, "price": krw(10), "stock": 1_000_000}
    return call("POST", "/products", body, admin)["id"]


def campaign():
    body = {
        "name": "무한 쿠폰",
        "discount": {"type": "FIXED", "amount": krw(1)},
        "scope": {"type": "ALL"},
        "totalQuantity": 1_000_000,
        "perUserLimit": 1_000_000,
    }
    return call("POST", "/coupons", body, admin)["id"]


SOLD, EDITED = product("팔리는 것"), product("고치는 것")
CAMPAIGN = campaign()
USER = call("GET", "/users/me", token=me)["id"]
call("POST", f"/users/{USER}/points/charges", {"amount": krw(1_000_000)}, me)


def claimed():
    return call("POST", f"/coupons/{CAMPAIGN}/claims", token=me)["id"]


def placed():
    return call("POST", "/orders", {"items": [{"productId": SOLD, "quantity": 2}]}, me)


def paid():
    order = placed()
    return order, call("POST", "/payments", {"orderId": order["id"]}, me)["id"]


ORDER, PAYMENT = paid()
REFUND = call("POST", "/refunds", {"paymentId": PAYMENT, "reason": "깨짐"}, me)["id"]


def units(order, body):
    """Of what a refund asks for, what the order has."""
    if isinstance(body.get("items"), list):
        line = order["items"][0]["id"]
        body["items"] = [{"orderItemId": line, "quantity": 1}]
    if ROLE != "administrator":
        for item in body.get("items") or []:
            item.pop("restock", None)


def in_won(value):
    """Amounts of another currency than the shop's are refused. Which one that is, is a matter of configuration."""
    if isinstance(value, dict):
        if "currency" in value:
            value["currency"] = "KRW"
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            in_won(part)


def cursor(case):
    """A cursor that the list has given out, if it has a next page."""
    others = {name: value for name, value in case.query.items() if name != "cursor"}
    authorization = {"Authorization": case.headers["Authorization"]} if "Authorization" in case.headers else {}
    path = case.formatted_path.removeprefix("/api/v1")
    page = http.get(SHOP + path, params=others, headers=authorization, timeout=30)
    return page.json().get("nextCursor") if page.ok else None


def fit(operation, path, body):
    """Lets a request be about something that is there."""
    match operation:
        case "show_order" | "list_payments_of_order":
            path["id"] = ORDER["id"]
        case "cancel_order":
            path["id"] = placed()["id"]
        case "show_payment" | "list_refunds_of_payment":
            path["id"] = PAYMENT
        case "cancel_payment":
            path["id"] = paid()[1]
        case "show_refund":
            path["id"] = REFUND
        case "show_product":
            path["id"] = SOLD
        case "edit_product" | "adjust_stock":
            path["id"] = EDITED
        case "show_campaign" | "claim_coupon":
            path["id"] = CAMPAIGN
        case "charge_points" | "grant_points" | "list_point_history" | "show_points":
            path["userId"] = USER
        case "explain_problem":
            path["code"] = "out-of-stock"
    if not isinstance(body, dict):
        return
    in_won(body)
    match operation:
        case "place_order":
            body["items"] = [{"productId": SOLD, "quantity": 1 + len(body.get("items", [])) % 5}]
            body.pop("expectedTotal", None)
            if body.get("issuedCouponId"):
                body["issuedCouponId"] = claimed()
        case "pay_order":
            order = placed()
            body["orderId"] = order["id"]
            if body.get("tenders"):
                body["tenders"] = [{"method": "POINT", "amount": order["total"]}]
        case "refund_payment" | "preview_a_refund":
            order, body["paymentId"] = paid()
            units(order, body)
        case "create_campaign":
            if body.get("scope", {}).get("type") == "PRODUCTS":
                body["scope"]["productIds"] = [SOLD, EDITED]
        case "sign_up":
            body["email"] = f"made-up-{next(numbers)}@{ROLE}.example.com"
        case "log_in":
            body["email"], body["password"] = ACCOUNTS["customer"]
        case "refresh" | "log_out":
            body["refreshToken"] = newcomer()["refreshToken"]
        case "change_my_password":
            body["currentPassword"] = PASSWORD


def name_of(case):
    return case.operation.definition.raw.get("operationId", case.operation.label)


AUTHORIZATION = f"Bearer {me}"

if ROLE != "nobody":

    @schemathesis.auth()
    class Role:
        def get(self, case, context):
            return AUTHORIZATION

        def set(self, case, data, context):
            case.headers["Authorization"] = data


@schemathesis.hook
def before_call(context, case, kwargs):
    operation, number = name_of(case), next(numbers)
    # Whoever leaves, or changes their password, is not the one that all other requests are of.
    if operation in ("delete_me", "change_my_password") and case.headers.get("Authorization") == AUTHORIZATION:
        case.headers["Authorization"] = f"Bearer {newcomer()['accessToken']}"
    valid = case.meta is not None and case.meta.generation.mode.is_positive
    if not valid or case.method.upper() != case.operation.method.upper() or number % 4 == 0:
        return
    if "Idempotency-Key" in case.headers:
        case.headers["Idempotency-Key"] = f"{ROLE}-{number}-{case.headers['Idempotency-Key']}"[:255]
    fit(operation, case.path_parameters, case.body)
    if "cursor" in case.query:
        case.query["cursor"] = cursor(case) or case.query["cursor"]


tally = collections.defaultdict(collections.Counter)


@schemathesis.hook
def after_call(context, case, response):
    if case.method.upper() == case.operation.method.upper():
        tally[name_of(case)][response.status_code] += 1


@atexit.register
def write_tally():
    with open(TALLY, "w", encoding="utf-8") as file:
        json.dump(tally, file, indent=1, sort_keys=True)
