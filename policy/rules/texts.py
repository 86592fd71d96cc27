"""Every sentence of a reason or a trace step, in Chinese and English, keyed by its stable code.

A template names numbers of the step; a format spec says how the number is worded (`{short_usd:,}` groups thousands,
`{days_short:days}` says "one day", `{start:day}` 1 Jul 2015). The sentences can therefore be rebuilt from stored codes
and numbers.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from string import Formatter
from typing import NamedTuple


class Text(NamedTuple):
    """One sentence in the two languages of the portal."""

    zh: str
    en: str


class TextError(KeyError):
    """A code without a sentence, or a sentence whose numbers are missing."""

    def __str__(self) -> str:
        return str(self.args[0])


REASONS: Mapping[str, Text] = {
    "offshore.threshold_short": Text(
        "本年度合计还差 {short_usd:,} USD{operator:short_tail}（合计须{operator:amount_op} {threshold_usd:,} USD）",
        "The year's total is {operator:short_head}{short_usd:,} USD short of the threshold "
        "(the total must be {operator:amount_op} {threshold_usd:,} USD)",
    ),
    "offshore.threshold_equal": Text(
        "本年度合计恰好等于起点 {threshold_usd:,} USD，条款要求{operator:amount_op}该数，由审核人员裁定",
        "The year's total equals the threshold of {threshold_usd:,} USD exactly, where {operator:amount_op} "
        "that is asked; an official decides",
    ),
    "offshore.cap_applied": Text(
        "按标准计算为 {uncapped_rmb:,} 元，超过每家企业每年 {cap_rmb:,} 元的上限，按上限计",
        "The standard gives {uncapped_rmb:,} RMB, which is above the cap of {cap_rmb:,} RMB "
        "for one enterprise and year; the cap applies",
    ),
    "offshore.nothing_to_add": Text(
        "本年度应得 {entitlement_rmb:,} 元已全部核给，本次申报不再增加",
        "The year's award of {entitlement_rmb:,} RMB has been granted in full; this claim adds nothing to it",
    ),
    "offshore.granted_exceeds": Text(
        "本年度已核给 {granted_rmb:,} 元，比应得的 {entitlement_rmb:,} 元多 {excess_rmb:,} 元，是否追回由审核人员裁定",
        "{granted_rmb:,} RMB has been granted, {excess_rmb:,} RMB more than the year's award of "
        "{entitlement_rmb:,} RMB; an official decides on recovery",
    ),
    "training.period_short": Text(
        "培训期限距{operator:period_op}{months}个月还差{days_short}天",
        "The training is {days_short:days} short of {operator:period_op} {months:months}",
    ),
    "training.period_equal": Text(
        "培训期限恰为{months}个月，距{operator:period_op}{months}个月还差{days_short}天",
        "The training is exactly {months:months}, {days_short:days} short of {operator:period_op} {months:months}",
    ),
    "training.contract_short": Text(
        "劳动合同期限距{operator:period_op}{months}个月还差{days_short}天",
        "The labour contract is {days_short:days} short of {operator:period_op} {months:months}",
    ),
    "training.contract_equal": Text(
        "劳动合同期限恰为{months}个月，距{operator:period_op}{months}个月还差{days_short}天",
        "The labour contract is exactly {months:months}, {days_short:days} short of "
        "{operator:period_op} {months:months}",
    ),
    "training.no_certificate": Text(
        "学员没有培训机构考核合格证书",
        "The trainee has no certificate of the institution's examination",
    ),
    "training.education": Text(
        "学员学历层次为{education:education}，不在补贴范围（{levels:education}）内",
        "The trainee's education is {education:education}; the subsidy is for {levels:education}",
    ),
    "training.not_designated": Text(
        "培训机构的指定资格未覆盖整个培训期间",
        "The institution's designation does not cover the whole training",
    ),
    "training.already_subsidised": Text(
        "该学员已享受过一次培训补贴，每人限一次",
        "A training subsidy has already been given for this person; it is given once per person",
    ),
}

STEPS: Mapping[str, Text] = {
    "offshore.cumulative": Text(
        "本年度此前 {earlier_usd:,} USD，加本次申报 {usd:,} USD，累计 {result:,} USD",
        "Earlier in the year {earlier_usd:,} USD, with this claim of {usd:,} USD: {result:,} USD so far",
    ),
    "offshore.year_total": Text(
        "本年度申报 {claims} 次，合计 {result:,} USD",
        "Claims of the year: {claims}, in total {result:,} USD",
    ),
    "offshore.threshold": Text(
        "合计 {total_usd:,} USD，起点为{operator:amount_op} {threshold_usd:,} USD：{result:outcome}",
        "{total_usd:,} USD against a threshold of {operator:amount_op} {threshold_usd:,} USD: {result:outcome}",
    ),
    "offshore.rate": Text(
        "每 1 USD 奖励 {rate_rmb_per_usd} 元，乘以 {total_usd:,} USD 得 {product_rmb:,} 元，"
        "四舍五入到分为 {result:,} 元",
        "{rate_rmb_per_usd} RMB for 1 USD, times {total_usd:,} USD, is {product_rmb:,} RMB; "
        "rounded half up to the fen {result:,} RMB",
    ),
    "offshore.cap": Text(
        "{amount_rmb:,} 元与每家企业每年上限 {cap_rmb:,} 元取小者，本年度应得 {result:,} 元",
        "The lesser of {amount_rmb:,} RMB and the cap of {cap_rmb:,} RMB for one enterprise and year: {result:,} RMB",
    ),
    "offshore.award": Text(
        "应得 {entitlement_rmb:,} 元，减去已核给 {granted_rmb:,} 元（不足零按零计），本次核给 {result:,} 元",
        "The year's award of {entitlement_rmb:,} RMB less {granted_rmb:,} RMB granted before, "
        "never below zero: {result:,} RMB for this claim",
    ),
    "offshore.claim": Text(
        "第 {claim} 次申报 {usd:,} USD，累计 {total_usd:,} USD，应得 {entitlement_rmb:,} 元，"
        "已核给 {granted_rmb:,} 元，本次核给 {result:,} 元",
        "Claim {claim} of {usd:,} USD brings the year to {total_usd:,} USD and its award to {entitlement_rmb:,} RMB; "
        "{granted_rmb:,} RMB granted before, {result:,} RMB for this claim",
    ),
    "training.period": Text(
        "培训 {start:day} 至 {end:day}（首尾两日均计入），满{months}个月的最后一日为 {exact_end:day}，"
        "要求{operator:period_op}{months}个月：{result:outcome}",
        "Training from {start:day} to {end:day}, both days counted; exactly {months:months} end on "
        "{exact_end:day}; {operator:period_op} {months:months} asked: {result:outcome}",
    ),
    "training.contract": Text(
        "劳动合同 {start:day} 至 {end:day}（首尾两日均计入），满{months}个月的最后一日为 {exact_end:day}，"
        "要求{operator:period_op}{months}个月：{result:outcome}",
        "Labour contract from {start:day} to {end:day}, both days counted; exactly {months:months} end on "
        "{exact_end:day}; {operator:period_op} {months:months} asked: {result:outcome}",
    ),
    "training.contract_open_ended": Text(
        "劳动合同自 {start:day} 起无固定期限，要求{operator:period_op}{months}个月：{result:outcome}",
        "Labour contract from {start:day} without an end; {operator:period_op} {months:months} asked: {result:outcome}",
    ),
    "training.certificate": Text(
        "有考核合格证书（{certified:yes_no}）：{result:outcome}",
        "Certificate of the institution's examination ({certified:yes_no}): {result:outcome}",
    ),
    "training.education": Text(
        "学历层次为{education:education}，补贴范围为{levels:education}：{result:outcome}",
        "Education: {education:education}; the subsidy is for {levels:education}: {result:outcome}",
    ),
    "training.designation": Text(
        "指定资格覆盖整个培训期间（{designated:yes_no}）：{result:outcome}",
        "The institution's designation covers the whole training ({designated:yes_no}): {result:outcome}",
    ),
    "training.once_per_person": Text(
        "此前已享受培训补贴（{already_subsidised:yes_no}），每人限一次：{result:outcome}",
        "Subsidised before ({already_subsidised:yes_no}); once per person: {result:outcome}",
    ),
    "training.trainee_amount": Text(
        "在{place:place}就业，补贴学员 {result:,} 元",
        "Employer {place:place}: {result:,} RMB to the trainee",
    ),
    "training.institution_amount": Text(
        "在{place:place}就业，补贴培训机构 {result:,} 元",
        "Employer {place:place}: {result:,} RMB to the institution",
    ),
    "training.no_subsidy": Text(
        "有 {failed} 项条件不符合，补贴 {result:,} 元",
        "Conditions not met: {failed}; subsidy {result:,} RMB",
    ),
}

# Words for coded values, by the format spec that asks for them.
WORDS: Mapping[str, Mapping[str, Text]] = {
    "amount_op": {"gt": Text("超过", "more than"), "gte": Text("不低于", "at least")},
    # Who is short of a threshold that equality does not pass needs more than the difference.
    "short_head": {"gt": Text("", "more than "), "gte": Text("", "")},
    "short_tail": {"gt": Text(" 以上才超过起点", ""), "gte": Text(" 达到起点", "")},
    "period_op": {"gt": Text("超过", "more than"), "gte": Text("不少于", "at least")},
    "outcome": {
        "met": Text("符合", "met"),
        "not_met": Text("不符合", "not met"),
        "equal": Text("恰好相等，按字面不符合", "equal, so not met as worded"),
        "not_required": Text("不作要求", "not required"),
    },
    "yes_no": {"yes": Text("是", "yes"), "no": Text("否", "no")},
    "place": {"local": Text("南昌", "in Nanchang"), "elsewhere": Text("异地", "in another place")},
    "education": {
        "secondary": Text("中等教育", "secondary"),
        "junior_college": Text("专科", "junior college"),
        "bachelor": Text("本科", "bachelor"),
        "master": Text("硕士", "master"),
        "doctor": Text("博士", "doctor"),
        "other": Text("其他", "other"),
    },
}


def reason_text(code: str, numbers: Mapping[str, str]) -> Text:
    """The sentence of a reason. Raises TextError for an unknown code or a missing number."""
    return _render(REASONS, code, numbers)


def step_text(code: str, numbers: Mapping[str, str], result: str) -> Text:
    """The sentence of a trace step, its result included. Raises TextError as `reason_text` does."""
    return _render(STEPS, code, {**numbers, "result": result})


def _render(catalogue: Mapping[str, Text], code: str, numbers: Mapping[str, str]) -> Text:
    try:
        text = catalogue[code]
    except KeyError:
        raise TextError(f"no sentence for the code {code!r}") from None
    try:
        return Text(_CHINESE.vformat(text.zh, (), numbers), _ENGLISH.vformat(text.en, (), numbers))
    except KeyError as missing:
        raise TextError(f"the sentence of {code!r} lacks {missing.args[0]!r}") from None


class _Worder(Formatter):
    """A string formatter whose specs word a coded value in one language."""

    def __init__(self, language: str, list_separator: str) -> None:
        self.language = language
        self.list_separator = list_separator

    def format_field(self, value: str, format_spec: str) -> str:
        if not format_spec:
            return value
        if format_spec == ",":
            return format(Decimal(value), ",f")
        if format_spec == "day":
            day = date.fromisoformat(value)
            return (
                f"{day.year}年{day.month}月{day.day}日"
                if self.language == "zh"
                else f"{day.day} {day:%b} {day.year}"
            )
        if format_spec == "days":
            return "one day" if value == "1" else f"{value} days"
        if format_spec == "months":
            return f"{value} month" if value == "1" else f"{value} months"
        words = WORDS[format_spec]
        return self.list_separator.join(getattr(words[item], self.language) for item in value.split(","))


_CHINESE = _Worder("zh", "、")
_ENGLISH = _Worder("en", ", ")
