"""Enterprises and institutions, what officials granted them, and who else may act for them."""

from accounts.enums import AccreditationKind, MembershipRole, OrganisationKind
from accounts.models import Accreditation, Membership, Organisation, User
from accounts.services import grant_accreditation, register_organisation
from audit import services as audit
from nanchang_portal.sample.codes import credit_code
from nanchang_portal.sample.people import MEMBERS
from nanchang_portal.sample.tables import Row, table

ENTERPRISES = table(
    """
    key      | number | division | name                                   | address
    yuntu    | 1      | 360113   | 南昌示例云图软件有限公司（虚构）       | 南昌市红谷滩区示例大道1号
    ganjiang | 2      | 360102   | 南昌示例赣江数据服务有限公司（虚构）   | 南昌市东湖区示例路2号
    tengwang | 3      | 360103   | 南昌示例滕王动漫科技有限公司（虚构）   | 南昌市西湖区示例路3号
    qingyun  | 4      | 360104   | 南昌示例青云信息技术有限公司（虚构）   | 南昌市青云谱区示例路4号
    aixi     | 5      | 360111   | 南昌示例艾溪呼叫中心有限公司（虚构）   | 南昌市青山湖区示例大道5号
    xianghu  | 6      | 360121   | 南昌示例象湖医药研发有限公司（虚构）   | 南昌市南昌县示例路6号
    bayi     | 7      | 360113   | 南昌示例八一物流外包有限公司（虚构）   | 南昌市红谷滩区示例路7号
    meiling  | 8      | 360112   | 南昌示例梅岭文化创意有限公司（虚构）   | 南昌市新建区示例路8号
    yaohu    | 9      | 360111   | 南昌示例瑶湖互联网络有限公司（虚构）   | 南昌市青山湖区示例路9号
    ganpo    | 11     | 360113   | 南昌示例赣鄱云计算有限公司（虚构） | 南昌市红谷滩区示例路11号
    fuhe     | 12     | 360102   | 南昌示例抚河数据技术有限公司（虚构） | 南昌市东湖区示例路12号
    meihu    | 13     | 360121   | 南昌示例梅湖客户服务有限公司（虚构） | 南昌市南昌县示例路13号
    qinglan  | 14     | 360111   | 南昌示例青岚动画有限公司（虚构） | 南昌市青山湖区示例路14号
    bailu    | 15     | 360103   | 南昌示例白鹭数字创意有限公司（虚构） | 南昌市西湖区示例路15号
    yaoling  | 16     | 360111   | 南昌示例瑶岭网络有限公司（虚构） | 南昌市青山湖区示例路16号
    changbei | 17     | 360113   | 南昌示例昌北供应链有限公司（虚构） | 南昌市红谷滩区示例路17号
    xiangyang | 18     | 360121   | 南昌示例向阳生物医药有限公司（虚构） | 南昌市南昌县示例路18号
    taohua   | 19     | 360104   | 南昌示例桃花医药研发有限公司（虚构） | 南昌市青云谱区示例路19号
    jingshan | 20     | 360104   | 南昌示例京山物流外包有限公司（虚构） | 南昌市青云谱区示例路20号
    yangzi   | 21     | 360102   | 南昌示例扬子洲商贸服务有限公司（虚构） | 南昌市东湖区示例路21号
    chaoyang | 22     | 360103   | 南昌示例朝阳医疗数据有限公司（虚构） | 南昌市西湖区示例路22号
    """
)

INSTITUTIONS = table(
    """
    key       | number | division | name                                     | address
    qihang    | 101    | 360113   | 南昌示例启航服务外包培训学院（虚构）     | 南昌市红谷滩区示例大道101号
    hongcheng | 102    | 360104   | 南昌示例洪城职业技术培训学校（虚构）     | 南昌市青云谱区示例路102号
    jianyi    | 103    | 360121   | 江西示例剑邑数字人才培训中心（虚构）     | 南昌市南昌县示例路103号
    """
)

# Recognitions of enterprises (bayi has none) and designations of institutions.
ACCREDITATIONS = table(
    """
    organisation | document                   | from       | to
    yuntu        | 示例洪商认〔2013〕1号      | 2013-01-01 |
    ganjiang     | 示例洪商认〔2013〕2号      | 2013-01-01 |
    tengwang     | 示例洪商认〔2013〕3号      | 2013-01-01 |
    qingyun      | 示例洪商认〔2014〕1号      | 2014-01-01 |
    aixi         | 示例洪商认〔2014〕2号      | 2014-01-01 |
    xianghu      | 示例洪商认〔2013〕4号      | 2013-01-01 | 2015-12-31
    meiling      | 示例洪商认〔2018〕1号      | 2018-01-01 |
    yaohu        | 示例洪商认〔2024〕1号      | 2024-01-01 |
    ganpo        | 示例洪商认〔2013〕11号 | 2013-01-01 |
    fuhe         | 示例洪商认〔2013〕12号 | 2013-01-01 |
    meihu        | 示例洪商认〔2013〕13号 | 2013-01-01 |
    qinglan      | 示例洪商认〔2013〕14号 | 2013-01-01 |
    bailu        | 示例洪商认〔2013〕15号 | 2013-01-01 |
    yaoling      | 示例洪商认〔2013〕16号 | 2013-01-01 |
    changbei     | 示例洪商认〔2013〕17号 | 2013-01-01 |
    xiangyang    | 示例洪商认〔2013〕18号 | 2013-01-01 |
    taohua       | 示例洪商认〔2013〕19号 | 2013-01-01 |
    jingshan     | 示例洪商认〔2013〕20号 | 2013-01-01 |
    yangzi       | 示例洪商认〔2013〕21号 | 2013-01-01 |
    chaoyang     | 示例洪商认〔2013〕22号 | 2013-01-01 |
    qihang       | 示例洪商培〔2013〕1号      | 2013-01-01 | 2016-12-31
    qihang       | 示例洪商培〔2017〕1号      | 2017-01-01 |
    hongcheng    | 示例洪商培〔2014〕1号      | 2014-01-01 | 2015-06-30
    jianyi       | 示例洪商培〔2015〕1号      | 2015-03-01 |
    """
)


OWNERS = {
    key: member["login"]
    for member in MEMBERS
    if member["role"] == MembershipRole.OWNER
    for key in member["organisations"].split()
}


def create(users: dict[str, User]) -> dict[str, Organisation]:
    """Every sample organisation by key, registered by its owner."""
    created = {}
    for rows, kind in (
        (ENTERPRISES, OrganisationKind.ENTERPRISE),
        (INSTITUTIONS, OrganisationKind.INSTITUTION),
    ):
        for row in rows:
            owner = users[OWNERS[row["key"]]]
            created[row["key"]] = register_organisation(
                user=owner, organisation=_organisation(row, kind, contact=owner.display_name)
            )
    _join(users, created)
    _accredit(users["final"], created)
    return created


def _organisation(row: Row, kind: OrganisationKind, *, contact: str) -> Organisation:
    return Organisation(
        kind=kind,
        name=row["name"],
        credit_code=credit_code(
            int(row["number"]), row["division"], institution=kind == OrganisationKind.INSTITUTION
        ),
        division=row["division"],
        address=f"{row['address']}（虚构）",
        contact_name=contact,
        contact_phone=f"0791-0000{int(row['number']):04d}",
        is_sample=True,
    )


def _join(users: dict[str, User], organisations: dict[str, Organisation]) -> None:
    for row in MEMBERS:
        if row["role"] == MembershipRole.OWNER:
            continue
        for key in row["organisations"].split():
            member = Membership.objects.create(
                user=users[row["login"]], organisation=organisations[key], role=row["role"]
            )
            audit.record(
                actor="sample",
                action="membership.added",
                obj=member,
                stream=f"accounts.organisation:{member.organisation_id}",
                data={"login": row["login"], "role": row["role"]},
            )


def _accredit(official: User, organisations: dict[str, Organisation]) -> None:
    for row in ACCREDITATIONS:
        organisation = organisations[row["organisation"]]
        is_enterprise = organisation.kind == OrganisationKind.ENTERPRISE
        grant_accreditation(
            user=official,
            accreditation=Accreditation(
                kind=AccreditationKind.RECOGNITION if is_enterprise else AccreditationKind.DESIGNATION,
                organisation=organisation,
                document_number=row["document"],
                valid_from=row.day("from"),
                valid_to=row.day("to"),
            ),
        )
