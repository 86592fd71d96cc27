"""Who was trained and hired: every boundary of the training rules has its row.

`until` is the person's own last day when they left before the class ended; an empty `ends` is an open-ended contract.
Person numbers lead to names and identity numbers; numbers 9 and 16 are registered by two institutions.
"""

from nanchang_portal.sample.tables import table

TRAINEES = table(
    """
    class      | person | name   | education      | document        | until      | certificate | employer | signed     | starts     | ends       | shows
    QH-2014-09 | 1      | 徐文博 | bachelor       |                 |            | 2015-01-09  | yuntu    | 2015-02-25 | 2015-03-01 | 2016-02-29 | contract of exactly 12 months: one day short
    QH-2014-09 | 2      | 林雅婷 | bachelor       |                 |            | 2015-01-09  | yuntu    | 2015-02-25 | 2015-03-01 | 2016-03-01 | contract of 12 months and a day
    QH-2014-09 | 3      | 梁海涛 | junior_college |                 |            | 2015-01-09  | qianhai  | 2015-02-25 | 2015-03-01 | 2016-03-01 | the same, elsewhere
    QH-2014-09 | 4      | 唐佳琪 | bachelor       |                 |            | 2015-01-09  | ganjiang | 2015-02-25 | 2015-03-01 |            | open-ended contract
    QH-2014-09 | 5      | 程志强 | master         |                 |            | 2015-01-09  | pujiang  | 2015-02-25 | 2015-03-01 | 2018-02-28 |
    QH-2014-09 | 6      | 傅诗涵 | bachelor       |                 |            |             | tengwang | 2015-02-25 | 2015-03-01 | 2017-02-28 | no certificate
    QH-2014-09 | 7      | 周雨晴 | secondary      |                 |            | 2015-01-09  | yuntu    | 2015-02-25 | 2015-03-01 | 2017-02-28 | a level that does not count
    QH-2014-09 | 8      | 朱梦洁 | junior_college |                 |            | 2015-01-09  | aixi     | 2015-02-25 | 2015-03-01 | 2017-02-28 |
    QH-2014-09 | 9      | 马明哲 | bachelor       |                 |            | 2015-01-09  | yuntu    | 2015-02-25 | 2015-03-01 | 2017-02-28 | registered by jianyi too, where it is refused: once per person
    QH-2014-09 | 10     | 谢可欣 | bachelor       |                 |            | 2015-01-09  | ganjiang | 2014-12-29 | 2015-01-05 | 2017-01-04 | contract before the certificate
    QH-2015-03 | 11     | 董浩然 | bachelor       |                 | 2015-05-31 | 2015-06-19  | yuntu    | 2015-06-26 | 2015-07-01 | 2017-06-30 | training of exactly 3 months: one day short
    QH-2015-03 | 12     | 邓静怡 | bachelor       |                 |            | 2015-06-19  | yuntu    | 2015-06-26 | 2015-07-01 | 2017-06-30 | training of 3 months and a day
    QH-2015-03 | 13     | 李立诚 | bachelor       | hk_macao_permit |            | 2015-06-19  | tengwang | 2015-06-26 | 2015-07-01 | 2017-06-30 | no resident identity card
    QH-2015-03 | 14     | 孙子涵 | bachelor       | passport        |            | 2015-06-19  | qianhai  | 2015-06-26 | 2015-07-01 | 2017-06-30 | no resident identity card
    QH-2015-03 | 15     | 何俊杰 | bachelor       |                 |            | 2015-06-19  | aixi     | 2016-06-27 | 2016-07-04 | 2018-07-03 | contract long after the training
    QH-2015-03 | 16     | 宋若兰 | bachelor       |                 |            | 2015-06-19  | yuntu    | 2015-06-26 | 2015-07-01 | 2017-06-30 | registered by jianyi too, neither decided
    QH-2015-03 | 17     | 冯建国 | junior_college |                 |            | 2015-06-19  | pujiang  | 2015-06-26 | 2015-07-01 | 2017-06-30 |
    QH-2015-03 | 18     | 曹欣怡 | master         |                 |            | 2015-06-19  | ganjiang | 2015-06-26 | 2015-07-01 | 2017-06-30 |
    QH-2015-03 | 19     | 沈天宇 | bachelor       |                 |            | 2015-06-19  | xihu     | 2015-06-26 | 2015-07-01 | 2016-06-30 | contract of exactly 12 months, elsewhere
    QH-2015-03 | 20     | 吴婉清 | junior_college |                 |            | 2015-06-19  | tengwang | 2015-06-26 | 2015-07-01 | 2017-06-30 |
    QH-2015-03 | 21     | 高思远 | bachelor       |                 |            | 2015-06-19  | aixi     | 2015-06-26 | 2015-07-01 | 2017-06-30 |
    QH-2015-03 | 22     | 罗晓彤 | bachelor       |                 |            | 2015-06-19  | qianhai  | 2015-06-26 | 2015-07-01 | 2017-06-30 |
    QH-2015-03 | 23     | 韩嘉豪 | bachelor       |                 |            | 2015-06-19  |          |            |            |            | no labour contract yet
    QH-2015-03 | 24     | 萧一鸣 | bachelor       |                 |            |             |          |            |            |            | neither certificate nor contract yet
    QH-2016-03 | 25     | 许文博 | bachelor       |                 |            | 2016-08-19  | yuntu    | 2016-08-22 | 2016-09-01 | 2018-08-31 |
    QH-2016-03 | 26     | 黄雅婷 | junior_college |                 |            | 2016-08-19  | yuntu    | 2016-08-22 | 2016-09-01 | 2018-08-31 |
    QH-2016-03 | 27     | 胡海涛 | bachelor       |                 |            | 2016-08-19  | yuntu    | 2016-08-22 | 2016-09-01 | 2018-08-31 |
    QH-2016-03 | 28     | 郭佳琪 | master         |                 |            | 2016-08-19  | yuntu    | 2016-08-22 | 2016-09-01 |            | open-ended contract
    QH-2016-03 | 29     | 郑志强 | bachelor       |                 |            | 2016-08-19  | yuntu    | 2016-08-22 | 2016-09-01 | 2018-08-31 |
    QH-2016-03 | 30     | 于诗涵 | bachelor       |                 |            | 2016-08-19  | yuntu    | 2016-08-22 | 2016-09-01 | 2018-08-31 |
    QH-2016-03 | 31     | 袁雨晴 | junior_college |                 |            | 2016-08-19  | xihu     | 2016-08-22 | 2016-09-01 | 2018-08-31 | went elsewhere in spite of the order
    QH-2016-03 | 32     | 陈梦洁 | bachelor       |                 |            | 2016-08-19  | yuntu    | 2016-08-22 | 2016-09-01 | 2018-08-31 |
    QH-2016-03 | 33     | 徐明哲 | master         |                 |            | 2016-08-19  | yuntu    | 2016-08-22 | 2016-09-01 | 2018-08-31 |
    QH-2016-03 | 34     | 林可欣 | bachelor       |                 |            | 2016-08-19  | yuntu    | 2016-08-22 | 2016-09-01 | 2018-08-31 |
    HC-2014-02 | 35     | 梁浩然 | junior_college |                 |            | 2014-07-04  | ganjiang | 2014-07-07 | 2014-07-15 | 2016-07-14 |
    HC-2014-02 | 36     | 唐静怡 | bachelor       |                 |            | 2014-07-04  | tengwang | 2014-07-07 | 2014-07-15 | 2016-07-14 |
    HC-2014-02 | 37     | 程立诚 | junior_college |                 |            | 2014-07-04  | yuntu    | 2014-07-07 | 2014-07-15 | 2016-07-14 |
    HC-2014-02 | 38     | 傅子涵 | bachelor       |                 |            | 2014-07-04  | pujiang  | 2014-07-07 | 2014-07-15 | 2016-07-14 |
    HC-2014-02 | 39     | 周俊杰 | junior_college |                 |            | 2014-07-04  | ganjiang | 2014-07-07 | 2014-07-15 | 2016-07-14 |
    HC-2014-02 | 40     | 朱若兰 | bachelor       |                 |            | 2014-07-04  | yuntu    | 2014-07-07 | 2014-07-15 | 2016-07-14 |
    HC-2014-02 | 41     | 马建国 | junior_college |                 |            | 2014-07-04  | qianhai  | 2014-07-07 | 2014-07-15 | 2016-07-14 |
    HC-2014-02 | 42     | 谢欣怡 | bachelor       |                 |            | 2014-07-04  | tengwang | 2014-07-07 | 2014-07-15 | 2016-07-14 |
    HC-2015-04 | 43     | 董天宇 | junior_college |                 |            | 2015-08-14  | aixi     | 2015-08-17 | 2015-09-01 | 2017-08-31 | designation ended during the class
    HC-2015-04 | 44     | 邓婉清 | bachelor       |                 |            | 2015-08-14  | yuntu    | 2015-08-17 | 2015-09-01 | 2017-08-31 |
    HC-2015-04 | 45     | 李思远 | junior_college |                 |            | 2015-08-14  | ganjiang | 2015-08-17 | 2015-09-01 | 2017-08-31 |
    HC-2015-04 | 46     | 孙晓彤 | bachelor       |                 |            | 2015-08-14  | aixi     | 2015-08-17 | 2015-09-01 | 2017-08-31 |
    HC-2015-04 | 47     | 何嘉豪 | junior_college |                 |            | 2015-08-14  | yuntu    | 2015-08-17 | 2015-09-01 | 2017-08-31 |
    HC-2015-04 | 48     | 宋一鸣 | bachelor       |                 |            | 2015-08-14  | ganjiang | 2015-08-17 | 2015-09-01 | 2017-08-31 |
    JY-2015-02 | 49     | 冯文博 | bachelor       |                 |            | 2015-06-12  | yuntu    | 2015-06-15 | 2015-07-01 | 2017-06-30 | designation began during the class
    JY-2015-02 | 50     | 曹雅婷 | bachelor       |                 |            | 2015-06-12  | xihu     | 2015-06-15 | 2015-07-01 | 2017-06-30 |
    JY-2015-02 | 51     | 沈海涛 | bachelor       |                 |            | 2015-06-12  | yuntu    | 2015-06-15 | 2015-07-01 | 2017-06-30 |
    JY-2015-02 | 52     | 吴佳琪 | bachelor       |                 |            | 2015-06-12  | xihu     | 2015-06-15 | 2015-07-01 | 2017-06-30 |
    JY-2015-09 | 53     | 高志强 | bachelor       |                 |            | 2016-01-15  | yuntu    | 2016-01-18 | 2016-02-01 | 2018-01-31 |
    JY-2015-09 | 54     | 罗诗涵 | master         |                 |            | 2016-01-15  | ganjiang | 2016-01-18 | 2016-02-01 | 2018-01-31 |
    JY-2015-09 | 55     | 韩雨晴 | junior_college |                 |            | 2016-01-15  | pujiang  | 2016-01-18 | 2016-02-01 | 2018-01-31 |
    JY-2015-09 | 56     | 萧梦洁 | doctor         |                 |            | 2016-01-15  | tengwang | 2016-01-18 | 2016-02-01 | 2018-01-31 |
    JY-2015-09 | 57     | 许明哲 | bachelor       |                 |            | 2016-01-15  | yuntu    | 2016-01-18 | 2016-02-01 | 2018-01-31 |
    JY-2015-09 | 58     | 黄可欣 | master         |                 |            | 2016-01-15  | ganjiang | 2016-01-18 | 2016-02-01 | 2018-01-31 |
    JY-2015-09 | 9      | 马明哲 | bachelor       |                 |            | 2016-01-15  | pujiang  | 2016-01-18 | 2016-02-01 | 2018-01-31 | subsidised already
    JY-2015-09 | 16     | 宋若兰 | bachelor       |                 |            | 2016-01-15  | tengwang | 2016-01-18 | 2016-02-01 | 2018-01-31 | registered by qihang too
    JY-2017-03 | 59     | 胡浩然 | bachelor       |                 |            | 2017-07-14  | yuntu    | 2017-07-17 | 2017-08-01 | 2019-07-31 |
    JY-2017-03 | 60     | 郭静怡 | junior_college |                 |            |             | aixi     | 2017-07-17 | 2017-08-01 | 2019-07-31 | certificate still missing
    JY-2017-03 | 61     | 郑立诚 | bachelor       |                 |            | 2017-07-14  | qianhai  | 2017-07-17 | 2017-08-01 | 2019-07-31 |
    JY-2017-03 | 62     | 于子涵 | junior_college |                 |            | 2017-07-14  | yuntu    | 2017-07-17 | 2017-08-01 | 2019-07-31 |
    JY-2017-03 | 63     | 袁俊杰 | bachelor       | taiwan_permit   |            | 2017-07-14  | aixi     | 2017-07-17 | 2017-08-01 | 2019-07-31 | no resident identity card
    JY-2017-03 | 64     | 陈若兰 | junior_college |                 |            | 2017-07-14  | qianhai  | 2017-07-17 | 2017-08-01 | 2019-07-31 |
    """  # noqa: E501
)
