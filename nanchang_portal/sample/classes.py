"""The institutions' classes and the employers that hire their trainees."""

from nanchang_portal.sample.tables import table

CLASSES = table(
    """
    key        | institution | name                   | sector                 | starts     | ends       | hours | customised
    QH-2014-09 | qihang      | 软件测试与质量保证     | software               | 2014-09-01 | 2014-12-15 | 420   |
    QH-2015-03 | qihang      | 对日软件开发           | software               | 2015-03-01 | 2015-06-01 | 400   |
    QH-2016-03 | qihang      | 云平台运维定制班       | information_technology | 2016-03-01 | 2016-07-31 | 560   | yuntu
    HC-2014-02 | hongcheng   | 呼叫中心英语客服       | call_centres           | 2014-02-10 | 2014-06-20 | 360   |
    HC-2015-04 | hongcheng   | 财务流程外包           | finance                | 2015-04-01 | 2015-07-31 | 380   |
    JY-2015-02 | jianyi      | 数据标注与处理         | information_technology | 2015-02-02 | 2015-05-29 | 340   |
    JY-2015-09 | jianyi      | 移动应用开发           | software               | 2015-09-01 | 2015-12-31 | 440   |
    JY-2017-03 | jianyi      | 二维与三维动画         | animation_games        | 2017-03-01 | 2017-06-30 | 450   |
    """  # noqa: E501
)

# Employers in Nanchang are the sample's own enterprises; these are elsewhere, by their registered division.
EMPLOYERS_ELSEWHERE = table(
    """
    key     | number | division | name
    qianhai | 201    | 440305   | 深圳示例前海信息有限公司（虚构）
    pujiang | 202    | 310115   | 上海示例浦江数据有限公司（虚构）
    xihu    | 203    | 330106   | 杭州示例西湖网络有限公司（虚构）
    """
)

POSITIONS = {
    "software": "软件工程师",
    "information_technology": "运维工程师",
    "call_centres": "客户服务专员",
    "finance": "财务处理专员",
    "animation_games": "动画师",
}
SCHOOLS = {
    "secondary": "南昌示例中等专业学校（虚构）",
    "junior_college": "江西示例职业技术学院（虚构）",
    "bachelor": "南昌示例大学（虚构）",
    "master": "江西示例理工大学（虚构）",
    "doctor": "江西示例理工大学（虚构）",
}
