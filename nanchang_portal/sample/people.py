"""Who signs in: officials, clerks and their memberships."""

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group

from accounts.models import User
from audit import services as audit
from nanchang_portal.sample import second_factor
from nanchang_portal.sample.tables import Row, table

# One password for every demonstration login; without settings.SAMPLE_DATA none of these logins exists.
PASSWORD = "Nanchang-shili-2015"

OFFICIALS = table(
    """
    login   | name   | role             | does
    initial | 王初审 | initial_reviewer | initial review: several cases wait
    final   | 李复审 | final_reviewer   | final review: several cases wait
    final2  | 赵复审 | final_reviewer   | final review, a second person
    finance | 钱财务 | finance          | finance officer
    release | 冯核准 | releaser         | releases payment batches
    policy  | 孙政策 | policy_editor    | policy editor
    auditor | 周审计 | auditor          | auditor, reads only
    admin   | 吴管理 |                  | administrator of the portal
    """
)

# Organisations are named by their keys in `enterprises` and `institutions`; an owner registers the organisation.
MEMBERS = table(
    """
    login        | name   | role   | organisations    | does
    enterprise   | 张云图 | owner  | yuntu            | enterprise with claims of many years
    enterprise2  | 陈赣江 | owner  | ganjiang         | enterprise at the threshold
    enterprise3  | 黄滕王 | owner  | tengwang         | enterprise at the yearly cap
    enterprise4  | 徐青云 | owner  | qingyun          | enterprise, refused and returned
    enterprise5  | 胡艾溪 | owner  | aixi             | enterprise with refunds
    enterprise6  | 朱象湖 | owner  | xianghu          | enterprise whose recognition has lapsed
    enterprise7  | 高八一 | owner  | bayi             | enterprise without recognition
    enterprise8  | 林梅岭 | owner  | meiling          | enterprise with a draft
    enterprise9  | 何瑶湖 | owner  | yaohu            | enterprise that has not filed yet
    institution  | 郭启航 | owner  | qihang           | training institution
    institution2 | 马洪城 | owner  | hongcheng        | institution whose designation has lapsed
    institution3 | 罗剑邑 | owner  | jianyi           | institution designated since March 2015
    agency       | 万代办 | owner  | ganpo fuhe meihu qinglan bailu yaoling changbei xiangyang taohua jingshan yangzi chaoyang | files the returns of twelve enterprises
    group        | 梁双岗 | clerk  | ganjiang tengwang | clerk of two enterprises
    reader       | 宋只读 | reader | yuntu            | reads an enterprise's claims
    """  # noqa: E501
)


def create() -> dict[str, User]:
    """Every sample user by login. They share one hash, since hashing is slow on purpose."""
    groups = {group.name: group for group in Group.objects.all()}
    hashed = make_password(PASSWORD)
    users = {}
    for row in OFFICIALS:
        users[row["login"]] = _create(row, hashed, is_staff=True, is_superuser=row["login"] == "admin")
        second_factor.create(users[row["login"]])
        if row["role"]:
            users[row["login"]].groups.add(groups[row["role"]])
    for row in MEMBERS:
        users[row["login"]] = _create(row, hashed)
    return users


def _create(row: Row, hashed: str, **fields) -> User:
    login = row["login"]
    user = User(
        username=login, email=f"{login}@example.com", display_name=row["name"], password=hashed, **fields
    )
    user.full_clean()
    user.save()
    audit.record(
        actor="sample", action="user.created", obj=user, data={"username": login, "role": row["role"]}
    )
    return user
